/* SPDX-License-Identifier: MIT
 *
 * The security domain on its way out. The data stay the same; every download
 * has a master key and shares of its own.
 */
#include "domain.h"
#include "handlers.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>

static int add_datum(const struct emu_datum *datum, const unsigned char *master,
                     struct json_object *list)
{
    struct json_object *o = json_object_new_object();
    unsigned char key[EMU_SEAL_KEY];
    char *text = NULL;
    int ok = json_object_array_add(list, o) == 0 &&
             emu_domain_derive(master, datum->tag, key) &&
             (text = emu_seal(key, datum->tag, &datum->plain)) != NULL &&
             emu_json_add_string(o, "compact_jwe", text) &&
             emu_json_add_string(o, "tag", datum->tag);

    OPENSSL_cleanse(key, sizeof(key));
    free(text);
    return ok;
}

static int add_share(const struct emu_domain_request *request, size_t i,
                     const unsigned char *share, struct json_object *list)
{
    struct json_object *o = json_object_new_object();
    struct emu_bytes plain = {NULL, 0};
    char kid[EMU_GUID_SIZE], *text = NULL;
    int ok = json_object_array_add(list, o) == 0 && emu_guid_new(kid) &&
             emu_bytes_set(&plain, share, EMU_DOMAIN_SHARE) &&
             (text = emu_seal_for(request->keys[i], kid, &plain)) != NULL &&
             emu_json_add_string(o, "enc_key", text) &&
             emu_json_add_string(o, "x5t_256", request->x5t[i]);

    free(text);
    emu_bytes_free(&plain);
    return ok;
}

/* The file, members sorted and without spaces; the caller frees. */
static char *make(struct emu_store *s, const struct emu_domain_request *request)
{
    unsigned char master[EMU_DOMAIN_KEY];
    unsigned char shares[EMU_DOMAIN_HOLDERS * EMU_DOMAIN_SHARE];
    struct json_object *root = json_object_new_object();
    struct json_object *enc = json_object_new_object();
    struct json_object *keys = json_object_new_object();
    struct json_object *list = json_object_new_array();
    struct json_object *holders = json_object_new_array();
    struct emu_domain domain;
    char *text = NULL;
    size_t i;
    int ok = emu_domain_load(s, &domain) &&
             emu_json_add(root, "EncData", enc) &&
             emu_json_add(root, "SharedKeys", keys) &&
             emu_json_add_int(root, "version", 2) &&
             emu_json_add(enc, "data", list) &&
             emu_json_add_string(enc, "kdf", "sp108_kdf") &&
             emu_json_add(keys, "enc_shares", holders) &&
             emu_json_add_string(keys, "key_algorithm", "shamir_share") &&
             emu_json_add_int(keys, "required", request->quorum) &&
             RAND_bytes(master, sizeof(master)) == 1 &&
             emu_domain_split(master, request->quorum, request->count, shares);

    for (i = 0; ok && i < domain.count; i++)
        ok = add_datum(&domain.data[i], master, list);
    for (i = 0; ok && i < request->count; i++)
        ok = add_share(request, i, shares + i * EMU_DOMAIN_SHARE, holders);
    if (ok)
        text = emu_json_text(root);
    OPENSSL_cleanse(master, sizeof(master));
    OPENSSL_cleanse(shares, sizeof(shares));
    emu_domain_free(&domain);
    json_object_put(root);
    return text;
}

static void answer(struct emu_request *rq, struct emu_reply *r,
                   const char *text)
{
    struct json_object *o = json_object_new_object();

    if (!emu_json_add_string(o, "value", text)) {
        json_object_put(o);
        emu_reply_failed(r);
        return;
    }
    emu_reply_json(r, 202, o);
    emu_domain_follow(rq, r, "download");
}

void emu_domain_download(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct emu_domain_request request;
    char *text = NULL;
    int ok;

    if (emu_domain_request_read(&request, &rq->body, r)) {
        ok = emu_store_begin(s);
        if (ok) {
            text = make(s, &request);
            ok = emu_store_end(
                s, text != NULL && emu_domain_exchange_forget(s) &&
                       emu_domain_begin(s, rq->doomed ? EMU_DOMAIN_FAILING
                                                      : EMU_DOMAIN_CONFIRMING));
        }
        if (ok)
            answer(rq, r, text);
        else
            emu_reply_failed(r);
    }
    emu_text_free(text);
    emu_domain_request_free(&request);
}
