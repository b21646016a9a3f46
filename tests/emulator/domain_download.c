/* SPDX-License-Identifier: MIT
 *
 * The security domain on its way out. The data stays the same for the life of
 * the state; every download has a master key and shares of its own. Until the
 * first poll after it the HSM is said to be confirming.
 */
#include "domain.h"
#include "handlers.h"
#include "seal.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *tag;
    size_t size;
} data[] = {
    {"hsm_backup", 7003},
    {"base_enclave_backup", 768},
    {"partition_enclave_backup", 2048},
};

#define COUNT (sizeof(data) / sizeof(data[0]))

static const char state_name[] = "domain_state";

/* NIST SP 800-108 with HMAC-SHA-512: one block, so one call. */
static int derive(const unsigned char *master, const char *label,
                  unsigned char *key)
{
    unsigned char text[128] = {0, 0, 0, 1};
    size_t size = strlen(label), len = 0;

    memcpy(text + 4, label, size);
    /* Behind the label a zero, and the number of bits. */
    text[4 + size + 3] = 512 >> 8;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, master, EMU_DOMAIN_KEY,
                     text, 4 + size + 5, key, EMU_SEAL_KEY, &len) != NULL;
}

/* Made when it is first asked for. */
static int datum(struct emu_store *s, size_t i, struct emu_bytes *out)
{
    char name[64];
    int found;

    snprintf(name, sizeof(name), "domain_%s", data[i].tag);
    found = emu_store_get(s, name, out);
    if (found != 0)
        return found == 1;
    return emu_bytes_reserve(out, data[i].size) &&
           RAND_bytes(out->data, (int)out->len) == 1 &&
           emu_store_set(s, name, out->data, out->len);
}

static int add_datum(struct emu_store *s, const unsigned char *master, size_t i,
                     struct json_object *list)
{
    struct json_object *o = json_object_new_object();
    struct emu_bytes plain = {NULL, 0};
    unsigned char key[EMU_SEAL_KEY];
    char *text = NULL;
    int ok = json_object_array_add(list, o) == 0 && datum(s, i, &plain) &&
             derive(master, data[i].tag, key) &&
             (text = emu_seal(key, data[i].tag, &plain)) != NULL &&
             emu_json_add_string(o, "compact_jwe", text) &&
             emu_json_add_string(o, "tag", data[i].tag);

    OPENSSL_cleanse(key, sizeof(key));
    free(text);
    emu_bytes_free(&plain);
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
    char *text = NULL;
    size_t i;
    int ok = emu_json_add(root, "EncData", enc) &&
             emu_json_add(root, "SharedKeys", keys) &&
             emu_json_add_int(root, "version", 2) &&
             emu_json_add(enc, "data", list) &&
             emu_json_add_string(enc, "kdf", "sp108_kdf") &&
             emu_json_add(keys, "enc_shares", holders) &&
             emu_json_add_string(keys, "key_algorithm", "shamir_share") &&
             emu_json_add_int(keys, "required", request->quorum) &&
             RAND_bytes(master, sizeof(master)) == 1 &&
             emu_domain_split(master, request->quorum, request->count, shares);

    for (i = 0; ok && i < COUNT; i++)
        ok = add_datum(s, master, i, list);
    for (i = 0; ok && i < request->count; i++)
        ok = add_share(request, i, shares + i * EMU_DOMAIN_SHARE, holders);
    if (ok)
        text = emu_json_text(root);
    OPENSSL_cleanse(master, sizeof(master));
    OPENSSL_cleanse(shares, sizeof(shares));
    json_object_put(root);
    return text;
}

static void answer(struct emu_request *rq, struct emu_reply *r,
                   const char *text)
{
    struct json_object *o = json_object_new_object();
    char url[512];

    if (!emu_json_add_string(o, "value", text)) {
        json_object_put(o);
        emu_reply_failed(r);
        return;
    }
    snprintf(url, sizeof(url),
             "https://%s/securitydomain/download/pending?api-version=%s",
             rq->host, emu_uri_parameter(&rq->uri, "api-version"));
    emu_reply_json(r, 202, o);
    emu_reply_header(r, "Azure-AsyncOperation", url);
    emu_reply_header(r, "Retry-After", "5");
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
                s,
                text != NULL && emu_store_set(s, state_name, "confirming", 10));
        }
        if (ok)
            answer(rq, r, text);
        else
            emu_reply_failed(r);
    }
    emu_text_free(text);
    emu_domain_request_free(&request);
}

void emu_domain_pending(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct json_object *o = json_object_new_object();
    struct emu_bytes state = {NULL, 0};
    int found = emu_store_get(s, state_name, &state);
    int confirming = found == 1 && state.len == 10;

    emu_bytes_free(&state);
    if (found == 0) {
        json_object_put(o);
        emu_reply_error(r, 404, "NotFound",
                        "No security domain operation is pending");
        return;
    }
    if (found != 1 ||
        (confirming && !emu_store_set(s, state_name, "active", 6)) ||
        !emu_json_add_string(o, "status",
                             confirming ? "InProgress" : "Success") ||
        !emu_json_add_string(o, "status_details",
                             confirming
                                 ? "The Security Domain is being confirmed."
                                 : "The resource is active.")) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}
