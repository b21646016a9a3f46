/* SPDX-License-Identifier: MIT
 *
 * The security domain on its way in: a restore blob for the exchange key of
 * this HSM. It is opened to the last datum before anything is changed.
 */
#include "domain.h"

#include "certificate.h"
#include "handlers.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int text_is(struct json_object *o, const char *name, const char *value)
{
    const char *text = emu_json_string(o, name);

    return text != NULL && strcmp(text, value) == 0;
}

/* What needs no escape in the header of a JWE, and is not there already. */
static int tag_valid(const char *tag, const struct emu_domain *domain)
{
    size_t i;

    if (tag == NULL || *tag == '\0' || strlen(tag) >= EMU_DOMAIN_TAG)
        return 0;
    for (i = 0; tag[i] != '\0'; i++) {
        if (tag[i] < ' ' || tag[i] > '~' || tag[i] == '"' || tag[i] == '\\')
            return 0;
    }
    for (i = 0; i < domain->count; i++) {
        if (strcmp(domain->data[i].tag, tag) == 0)
            return 0;
    }
    return 1;
}

/* From here on a refusal is written and 0, or 1. */

static int open_datum(struct emu_reply *r, const unsigned char *master,
                      struct json_object *o, struct emu_domain *out)
{
    const char *tag = emu_json_string(o, "tag");
    const char *jwe = emu_json_string(o, "compact_jwe");
    struct emu_datum *datum = &out->data[out->count];
    unsigned char key[EMU_SEAL_KEY];
    int ok;

    if (!tag_valid(tag, out)) {
        emu_reply_bad(r, "EncData: a tag is missing, malformed or twice there");
        return 0;
    }
    ok = jwe != NULL && emu_domain_derive(master, tag, key) &&
         emu_unseal(key, tag, jwe, &datum->plain);
    OPENSSL_cleanse(key, sizeof(key));
    if (!ok) {
        emu_reply_bad(r, "EncData: %s cannot be opened", tag);
        return 0;
    }
    snprintf(datum->tag, sizeof(datum->tag), "%s", tag);
    out->count++;
    return 1;
}

static int open_data(struct emu_reply *r, struct json_object *blob,
                     const unsigned char *master, struct emu_domain *out)
{
    struct json_object *enc = emu_json_member(blob, "EncData");
    struct json_object *list = emu_json_member(enc, "data");
    size_t i, count = json_object_is_type(list, json_type_array)
                          ? json_object_array_length(list)
                          : 0;

    if (!text_is(enc, "kdf", "sp108_kdf")) {
        emu_reply_bad(r, "EncData: kdf is not sp108_kdf");
        return 0;
    }
    if (count == 0 || count > EMU_DOMAIN_DATA) {
        emu_reply_bad(r, "EncData: data is no list of 1 to 8");
        return 0;
    }
    for (i = 0; i < count; i++) {
        if (!open_datum(r, master, json_object_array_get_idx(list, i), out))
            return 0;
    }
    return 1;
}

static int open_master(struct emu_store *s, struct emu_reply *r,
                       struct json_object *wrapped, struct emu_bytes *master)
{
    const char *told = emu_json_string(wrapped, "x5t_256");
    const char *jwe = emu_json_string(wrapped, "enc_key");
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    char *own = NULL;
    int found = emu_domain_exchange_get(s, &key, &cert), ok = 0;

    if (found == 1)
        own = emu_certificate_thumbprint(cert, EVP_sha256());
    if (found == 0)
        emu_reply_bad(r, "There is no exchange key: ask for one first");
    else if (own == NULL)
        emu_reply_failed(r);
    else if (told == NULL || strcmp(told, own) != 0)
        emu_reply_bad(r, "WrappedKey: x5t_256 is not that of the exchange key");
    else if (jwe == NULL || !emu_unseal_by(key, jwe, master) ||
             master->len != EMU_DOMAIN_KEY)
        emu_reply_bad(r, "WrappedKey: enc_key cannot be opened");
    else
        ok = 1;
    free(own);
    EVP_PKEY_free(key);
    X509_free(cert);
    return ok;
}

static int open_blob(struct emu_request *rq, struct emu_reply *r,
                     struct emu_domain *out)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    const char *value = emu_json_string(body, "value");
    struct json_object *blob =
        value == NULL ? NULL : emu_json_parse(value, strlen(value));
    struct emu_bytes master = {NULL, 0};
    int ok = 0;

    if (blob == NULL)
        emu_reply_bad(r, "value is no restore blob");
    else
        ok = open_master(rq->hsm->store, r, emu_json_member(blob, "WrappedKey"),
                         &master) &&
             open_data(r, blob, master.data, out);
    json_object_put(blob);
    json_object_put(body);
    emu_bytes_free(&master);
    return ok;
}

/* All or nothing; a key whose domain was restored is of no use any more. One
 * that is to fail leaves everything as it is. */
static int install(struct emu_request *rq, const struct emu_domain *domain)
{
    struct emu_store *s = rq->hsm->store;

    if (rq->doomed)
        return emu_domain_begin(s, EMU_DOMAIN_FAILING);
    return emu_domain_install(s, domain) && emu_domain_exchange_forget(s) &&
           emu_domain_begin(s, EMU_DOMAIN_RESTORING);
}

/* Within a transaction: of two who upload at once, one comes too late. */
static int upload(struct emu_request *rq, struct emu_reply *r,
                  struct emu_domain *domain)
{
    int active = emu_domain_active(rq->hsm->store);

    if (active == 1)
        emu_domain_refuse_active(r);
    else if (active != 0)
        emu_reply_failed(r);
    if (active != 0 || !open_blob(rq, r, domain))
        return 0;
    if (install(rq, domain))
        return 1;
    emu_reply_failed(r);
    return 0;
}

void emu_domain_refuse_active(struct emu_reply *r)
{
    emu_reply_error(r, 409, "Conflict",
                    "The HSM is active and has a security domain");
}

void emu_domain_upload(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct emu_domain domain = {0};
    int ok;

    if (!emu_store_begin(s)) {
        emu_reply_failed(r);
        return;
    }
    ok = upload(rq, r, &domain);
    emu_domain_free(&domain);
    if (emu_store_end(s, ok)) {
        emu_reply_json(r, 202,
                       emu_domain_status(rq->doomed ? EMU_DOMAIN_FAILING
                                                    : EMU_DOMAIN_RESTORING));
        emu_domain_follow(rq, r, "upload");
    } else if (ok) {
        emu_reply_failed(r);
    }
}
