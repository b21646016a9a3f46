/* SPDX-License-Identifier: MIT
 *
 * DECODER: key references.  PEM of our label becomes DER, and DER of our
 * structure becomes a key object, so that whatever reads a private key from a
 * file reads ours.  Every file that any program reads as a key comes by here:
 * what is not ours is left after a glance, quietly, with the answer "carry on"
 * (1), and with the input where OpenSSL's own decoder leaves it.  Must never
 * make a request: the first private operation is the first one.
 *
 * What is wrong with a reference is said when the file is read: libcrypto's
 * file loader drops what the decoder of a key says.
 */
#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "core_bio.h"
#include "decoder.h"
#include "dispatch.h"
#include "err.h"
#include "local.h"
#include "mldsa.h"
#include "object.h"

FN(decoder, pem, decode);
FN(decoder, der, decode);

/* Nothing is kept between two calls: the provider's context is enough. */
static void *decoder_newctx(void *provctx)
{
    return provctx;
}

static void decoder_freectx(void *ctx)
{
    (void)ctx;
}

/* A reference stands for a private key; 0 is "whatever there is". */
static int decoder_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static int decoder_export_object(void *ctx, const void *reference, size_t size,
                                 OSSL_CALLBACK *callback, void *arg)
{
    (void)ctx;
    return mp_object_export(reference, size, callback, arg);
}

/* d2i_PrivateKey tries the same octets as several structures in turn: what is
 * the first or the last of the queue has been said. */
static int is_said(const char *text)
{
    const char *first = NULL, *last = NULL;

    (void)ERR_peek_error_all(NULL, NULL, NULL, &first, NULL);
    (void)ERR_peek_last_error_all(NULL, NULL, NULL, &last, NULL);
    return (first != NULL && strcmp(first, text) == 0) ||
           (last != NULL && strcmp(last, text) == 0);
}

/* With load-behavior=early: the HSM has this key and lets us read it, and it is
 * the key of the reference; 1, or 0 with one error raised. */
static int is_there(struct mp_prov *prov, const struct mp_key *key)
{
    const char *when = mp_prov_option(prov, "load-behavior");
    struct mp_key *there;
    int same;

    if (when == NULL || strcmp(when, "early") != 0)
        return 1;
    there = mp_key_get(prov, mhsm_key_id(key->hsm));
    if (there == NULL)
        return 0;
    same = EVP_PKEY_eq(key->pkey, there->pkey) == 1;
    if (!same)
        mp_raise(prov, MP_R_PUBLIC_KEY,
                 "the public key in the reference is not that of %s: write "
                 "the reference anew",
                 mhsm_key_id(key->hsm));
    mp_key_free(there);
    return same;
}

/* The key object behind a reference; NULL with one error raised. */
static struct mp_key *read_reference(struct mp_prov *prov,
                                     const unsigned char *der, size_t size)
{
    struct mp_key *key;
    mhsm_error *err = NULL;
    mhsm_key *hsm = NULL;

    if (!mp_prov_usable(prov))
        return NULL;
    if (mhsm_reference_decode(prov->client, der, size, &hsm, &err) != MHSM_OK) {
        if (is_said(mhsm_error_text(err)))
            mhsm_error_free(&err);
        else
            mp_raise_client(prov, &err);
        return NULL;
    }
    key = mp_key_wrap(prov, hsm);
    if (key != NULL && !is_there(prov, key)) {
        mp_key_free(key);
        return NULL;
    }
    return key;
}

static int give_der(const char *name, unsigned char *der, size_t size,
                    OSSL_CALLBACK *callback, void *arg)
{
    static char structure[] = MP_REFERENCE_STRUCTURE;
    int object = OSSL_OBJECT_PKEY;
    OSSL_PARAM params[5];

    params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &object);
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
                                                 (char *)(uintptr_t)name, 0);
    params[2] = OSSL_PARAM_construct_utf8_string(
        OSSL_OBJECT_PARAM_DATA_STRUCTURE, structure, 0);
    params[3] =
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der, size);
    params[4] = OSSL_PARAM_construct_end();
    return callback(params, arg);
}

static int check_and_give(struct mp_prov *prov, unsigned char *der, size_t size,
                          OSSL_CALLBACK *callback, void *arg)
{
    struct mp_key *key = read_reference(prov, der, size);
    const char *name;

    if (key == NULL)
        return 0;
    name = key->name;
    mp_key_free(key);
    return give_der(name, der, size, callback, arg);
}

/* A block of our label, taken out of its PEM. */
static int take_block(struct mp_prov *prov, const char *header,
                      unsigned char *der, long size, OSSL_CALLBACK *callback,
                      void *arg)
{
    if (header[0] != '\0') {
        mp_raise(prov, MHSM_ERR_DAMAGED,
                 "the key reference has PEM headers, as if it were encrypted: "
                 "it holds no secret, and has none; write it again with `mhsm "
                 "key pem`");
        return 0;
    }
    return check_and_give(prov, der, (size_t)size, callback, arg);
}

static int pem_decoder_decode(void *ctx, OSSL_CORE_BIO *in, int selection,
                              OSSL_CALLBACK *object_cb, void *object_cbarg,
                              OSSL_PASSPHRASE_CALLBACK *pw_cb, void *pw_cbarg)
{
    struct mp_prov *prov = ctx;
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    struct mp_core_bio bio;
    struct mp_mark mark;
    long size = 0;
    int ok = 1;

    (void)pw_cb;
    (void)pw_cbarg;
    mp_mark_set(&mark);
    if (!mp_core_bio_open(&bio, prov, in)) {
        mp_mark_drop(&mark);
        return 1;
    }
    bio.watched = "-----BEGIN " MHSM_REFERENCE_LABEL "-----";
    if (PEM_read_bio(bio.bio, &label, &header, &data, &size) == 1) {
        mp_mark_drop(&mark);
        if (strcmp(label, MHSM_REFERENCE_LABEL) == 0 &&
            decoder_does_selection(prov, selection))
            ok = take_block(prov, header, data, size, object_cb, object_cbarg);
    } else if (bio.seen && decoder_does_selection(prov, selection)) {
        mp_raise_local(prov, &mark, MHSM_ERR_DAMAGED,
                       "the PEM of the key reference is damaged");
        ok = 0;
    } else
        mp_mark_drop(&mark);
    mp_core_bio_close(&bio);
    OPENSSL_free(label);
    OPENSSL_free(header);
    /* It may be somebody else's private key. */
    OPENSSL_clear_free(data, (size_t)size);
    return ok;
}

/* The reference that `in` begins with, to be freed; NULL with 1 when it begins
 * with something else, with 0 and an error when it cannot be read. */
static int read_der(struct mp_prov *prov, OSSL_CORE_BIO *in,
                    unsigned char **der, size_t *size)
{
    unsigned char start[MHSM_REFERENCE_PROBE];
    size_t have = mp_core_bio_read(prov, in, start, sizeof(start));
    size_t whole = mhsm_reference_probe(start, have);

    *der = NULL;
    if (whole == 0) {
        /* It may be the begin of somebody else's private key. */
        OPENSSL_cleanse(start, sizeof(start));
        return 1;
    }
    if (whole > MHSM_REFERENCE_MAX) {
        mp_raise(prov, MHSM_ERR_DAMAGED,
                 "the key reference is larger than %d octets",
                 MHSM_REFERENCE_MAX);
        return 0;
    }
    *der = OPENSSL_malloc(whole);
    if (*der == NULL) {
        mp_raise(prov, MP_R_MEMORY, "no room for a key reference");
        return 0;
    }
    *size = whole < have ? whole : have;
    memcpy(*der, start, *size);
    if (*size < whole)
        *size += mp_core_bio_read(prov, in, *der + *size, whole - *size);
    return 1;
}

/* For the file loader, which selects nothing, and which decodes keys where
 * nobody hears what is wrong with them.  Others find the decoders of keys
 * below by themselves. */
static int der_decoder_decode(void *ctx, OSSL_CORE_BIO *in, int selection,
                              OSSL_CALLBACK *object_cb, void *object_cbarg,
                              OSSL_PASSPHRASE_CALLBACK *pw_cb, void *pw_cbarg)
{
    unsigned char *der;
    size_t size;
    int ok;

    (void)pw_cb;
    (void)pw_cbarg;
    if (selection != 0)
        return 1;
    ok = read_der(ctx, in, &der, &size);
    if (der != NULL)
        ok = check_and_give(ctx, der, size, object_cb, object_cbarg);
    OPENSSL_free(der);
    return ok;
}

static int decode_type(struct mp_prov *prov, OSSL_CORE_BIO *in,
                       const char *name, OSSL_CALLBACK *callback, void *arg)
{
    struct mp_key *key = NULL;
    unsigned char *der;
    size_t size;
    int ok = read_der(prov, in, &der, &size);

    if (der != NULL) {
        key = read_reference(prov, der, size);
        ok = key != NULL;
    }
    if (key != NULL && strcmp(key->name, name) == 0)
        ok = mp_object_give(key, callback, arg);
    mp_key_free(key);
    OPENSSL_free(der);
    return ok;
}

const OSSL_DISPATCH mp_pem_decoder[] = {
    ENTRY(DECODER, NEWCTX, decoder_newctx),
    ENTRY(DECODER, FREECTX, decoder_freectx),
    ENTRY(DECODER, DECODE, pem_decoder_decode),
    END,
};

const OSSL_DISPATCH mp_der_decoder[] = {
    ENTRY(DECODER, NEWCTX, decoder_newctx),
    ENTRY(DECODER, FREECTX, decoder_freectx),
    ENTRY(DECODER, DECODE, der_decoder_decode),
    END,
};

/* One table for each name of a type: what it decodes is all that differs. */
#define TYPE_DECODER(type, name)                                               \
    FN(decoder, type, decode);                                                 \
    static int type##_decoder_decode(                                          \
        void *ctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object_cb, \
        void *object_cbarg, OSSL_PASSPHRASE_CALLBACK *pw_cb, void *pw_cbarg)   \
    {                                                                          \
        (void)selection;                                                       \
        (void)pw_cb;                                                           \
        (void)pw_cbarg;                                                        \
        return decode_type(ctx, in, name, object_cb, object_cbarg);            \
    }                                                                          \
    const OSSL_DISPATCH mp_##type##_decoder[] = {                              \
        ENTRY(DECODER, NEWCTX, decoder_newctx),                                \
        ENTRY(DECODER, FREECTX, decoder_freectx),                              \
        ENTRY(DECODER, DOES_SELECTION, decoder_does_selection),                \
        ENTRY(DECODER, DECODE, type##_decoder_decode),                         \
        ENTRY(DECODER, EXPORT_OBJECT, decoder_export_object),                  \
        END,                                                                   \
    }

TYPE_DECODER(rsa, "RSA");
TYPE_DECODER(pss, MP_RSA_PSS);
TYPE_DECODER(ec, "EC");
TYPE_DECODER(aes, MP_AES);
#ifdef MP_ML_DSA
TYPE_DECODER(mldsa44, "ML-DSA-44");
TYPE_DECODER(mldsa65, "ML-DSA-65");
TYPE_DECODER(mldsa87, "ML-DSA-87");
#endif
