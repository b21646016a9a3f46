/* SPDX-License-Identifier: MIT
 *
 * Registered certificates and federated issuers: kept as the JSON they came
 * as, since nothing ever searches in them.
 */
#include "proofs.h"

#include "json.h"

#include <openssl/pem.h>
#include <string.h>

static BIO *open_member(struct json_object *proof, const char *name)
{
    const char *text = emu_json_string(proof, name);

    return text == NULL ? NULL : BIO_new_mem_buf(text, -1);
}

X509 *emu_proof_certificate(struct json_object *proof, const char *name)
{
    BIO *bio = open_member(proof, name);
    X509 *certificate =
        bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return certificate;
}

EVP_PKEY *emu_proof_key(struct json_object *proof)
{
    BIO *bio = open_member(proof, "key");
    EVP_PKEY *key =
        bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key;
}

static int is_certificate(struct json_object *proof, const char *name)
{
    X509 *certificate = emu_proof_certificate(proof, name);

    X509_free(certificate);
    return certificate != NULL;
}

static int is_issuer(struct json_object *proof)
{
    EVP_PKEY *key = emu_proof_key(proof);

    EVP_PKEY_free(key);
    return key != NULL && emu_json_string(proof, "issuer") != NULL &&
           emu_json_string(proof, "audience") != NULL;
}

const char *emu_proofs_add(struct emu_store *s, const char *oid,
                           struct json_object *proof)
{
    int named = emu_json_string(proof, "subject") != NULL;
    char *text;
    int ok;

    if (!is_certificate(proof, "certificate") &&
        !(named && is_certificate(proof, "authority")) &&
        !(named && is_issuer(proof)))
        return "the proof is no certificate, authority or issuer";
    text = emu_json_text(proof);
    ok = text != NULL && emu_store_run(s, "INSERT INTO proofs VALUES(?1,?2)",
                                       "tt", oid, text) == 1;
    emu_text_free(text);
    return ok ? NULL : "the state could not be written";
}

struct json_object *emu_proofs_list(struct emu_store *s, const char *oid)
{
    struct json_object *list = json_object_new_array(), *one;
    sqlite3_stmt *row;
    const char *text;

    emu_store_lock(s);
    row = emu_store_query(s, "SELECT proof FROM proofs WHERE oid=?1", "t", oid);
    while (row != NULL && list != NULL && sqlite3_step(row) == SQLITE_ROW) {
        text = (const char *)sqlite3_column_text(row, 0);
        one = text == NULL ? NULL : emu_json_parse(text, strlen(text));
        if (one == NULL || json_object_array_add(list, one) != 0)
            json_object_put(one);
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return list;
}
