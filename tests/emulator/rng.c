/* SPDX-License-Identifier: MIT
 *
 * Random bytes. At most 128 at a time, from the private generator.
 */
#include "handlers.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define RANDOM_MAX 128

void emu_rng(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    struct json_object *o;
    unsigned char raw[RANDOM_MAX];
    int64_t count = 0;
    int given = emu_json_int(body, "count", &count);

    json_object_put(body);
    if (given != 1 || count < 1 || count > RANDOM_MAX) {
        emu_reply_bad(r, "GetRandomBytesRequest: count cannot be greater than "
                         "128 or less than 1");
        return;
    }
    if (RAND_priv_bytes(raw, (int)count) != 1) {
        emu_reply_failed(r);
        return;
    }
    o = json_object_new_object();
    if (!emu_json_add_bytes(o, "value", raw, (size_t)count)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
    OPENSSL_cleanse(raw, sizeof(raw));
}
