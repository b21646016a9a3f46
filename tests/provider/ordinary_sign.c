/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: signatures by the EVP interface, in one go, in pieces, of
 * digests and of messages, with every setting that RSA, ECDSA and the others
 * have, and the refusals.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const unsigned char text[] = "what is to be signed";

/* Options are as of openssl pkeyutl -pkeyopt. */
static const struct row {
    const char *key, *digest, *options;
} rows[] = {
    {"RSA", "SHA1", ""},
    {"RSA", "SHA224", ""},
    {"RSA", "SHA256", ""},
    {"RSA", "SHA512-256", ""},
    {"RSA", "SHA3-384", ""},
    {"RSA", "MD5", ""},
    {"RSA", "MD5-SHA1", ""},
    {"RSA", "RIPEMD160", ""},
    {"RSA", "SM3", ""},
    {"RSA", "BLAKE2b512", ""},
    {"RSA", "SHAKE128", ""},
    {"RSA", "nothing", ""},
    {"RSA", NULL, ""},
    {"RSA", "SHA256", "rsa_padding_mode:x931"},
    {"RSA", "SHA256", "rsa_padding_mode:none"},
    {"RSA", "SHA256", "rsa_padding_mode:pss"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:0"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:20"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:max"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:digest"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:auto"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_pss_saltlen:999"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_mgf1_md:sha1"},
    {"RSA", "SHA256", "rsa_padding_mode:pss rsa_mgf1_md:nothing"},
    {"RSA", "SHA3-256", "rsa_padding_mode:pss rsa_pss_saltlen:digest"},
    {"RSA", "SHA256", "rsa_pss_saltlen:20"},
    {"RSA", "SHA256", "nothing:1"},
    {"RSA-1024", "SHA512", "rsa_padding_mode:pss rsa_pss_saltlen:digest"},
    {"RSA-1024", "SHA512", "rsa_padding_mode:pss rsa_pss_saltlen:63"},
    {"RSA-1024", "SHA256", ""},
    {"RSA of three primes", "SHA256", ""},
    {"RSA-PSS", "SHA256", ""},
    {"RSA-PSS", NULL, ""},
    {"RSA-PSS", "SHA256", "rsa_padding_mode:pkcs1"},
    {"RSA-PSS of SHA-384", "SHA384", ""},
    {"RSA-PSS of SHA-384", NULL, ""},
    {"RSA-PSS of SHA-384", "SHA256", ""},
    {"RSA-PSS of SHA-384", "SHA384", "rsa_pss_saltlen:47"},
    {"RSA-PSS of SHA-384", "SHA384", "rsa_pss_saltlen:49"},
    {"RSA-PSS of SHA-384", "SHA384", "rsa_mgf1_md:sha256"},
    {"RSA-PSS of two digests", "SHA256", ""},
    {"RSA-PSS of two digests", "SHA256", "rsa_mgf1_md:sha1"},
    {"P-192", "SHA1", ""},
    {"P-224", "SHA224", ""},
    {"P-256", "SHA256", ""},
    {"P-256", "SHA1", ""},
    {"P-256", "SHA512", ""},
    {"P-256", "SHA3-256", ""},
    {"P-256", "MD5", ""},
    {"P-256", NULL, ""},
    {"P-256", "SHA256", "rsa_padding_mode:pss"},
    {"P-384", "SHA384", ""},
    {"P-521", "SHA512", ""},
    {"secp256k1", "SHA256", ""},
    {"brainpoolP256r1", "SHA256", ""},
    {"brainpoolP512t1", "SHA512", ""},
    {"sect283k1", "SHA256", ""},
    {"explicit P-256", "SHA256", ""},
    {"SM2", "SM3", ""},
    {"SM2", "SM3", "distid:1234567812345678"},
    {"SM2", "SHA256", ""},
    {"DSA", "SHA1", ""},
    {"DSA", "SHA256", ""},
    {"ED25519", NULL, ""},
    {"ED25519", "SHA256", ""},
    {"ED448", NULL, ""},
    {"X25519", NULL, ""},
    {"X25519", "SHA256", ""},
    {"DH", "SHA256", ""},
    {"ML-DSA-44", NULL, ""},
    {"ML-DSA-44", NULL, "deterministic:1"},
    {"ML-DSA-65", NULL, "context-string:me deterministic:1"},
    {"ML-DSA-65", "SHA256", ""},
    {"ML-DSA-87", NULL, "hexcontext-string:0102"},
    {"SLH-DSA-SHA2-128f", NULL, "deterministic:1"},
};

/* Those whose signatures are the same each time. */
static int is_fixed(const struct row *row)
{
    return (strncmp(row->key, "RSA", 3) == 0 &&
            strstr(row->key, "PSS") == NULL &&
            strstr(row->options, ":pss") == NULL) ||
           strncmp(row->key, "ED", 2) == 0 ||
           strstr(row->options, "deterministic:1") != NULL ||
           strstr(row->options, "saltlen:0") != NULL;
}

static void write_algorithm(struct ord *o, EVP_PKEY_CTX *ctx)
{
    unsigned char octets[256];
    char name[64] = "";
    OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, octets,
                                sizeof(octets)),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, name, sizeof(name)),
        OSSL_PARAM_END};

    ord_names(o, "gettable", EVP_PKEY_CTX_gettable_params(ctx));
    ord_names(o, "settable", EVP_PKEY_CTX_settable_params(ctx));
    if (ord_result(o, EVP_PKEY_CTX_get_params(ctx, params), "algorithm") > 0 &&
        OSSL_PARAM_modified(&params[0]))
        ord_octets(o, "identifier", octets, params[0].return_size);
    ord_text(o, "digest %s", name);
}

/* An octet that is of a number and not of its frame. */
static size_t damaged_octet(size_t size)
{
    return size < 1000 ? size - 2 : size / 2;
}

static void verify(struct ord *o, const struct row *row, EVP_PKEY *key,
                   unsigned char *sig, size_t size)
{
    int damage;

    for (damage = 0; damage < 3; damage++) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx = NULL;

        ord_result(o,
                   EVP_DigestVerifyInit_ex(ctx, &pctx, row->digest, o->lib,
                                           NULL, key, NULL),
                   "verify");
        if (pctx != NULL)
            ord_options(o, pctx, row->options);
        if (damage == 1)
            sig[damaged_octet(size)] ^= 1;
        ord_chance(o,
                   EVP_DigestVerify(ctx, sig, size - (damage == 2), text,
                                    sizeof(text)),
                   "damage %d", damage);
        if (damage == 1)
            sig[damaged_octet(size)] ^= 1;
        EVP_MD_CTX_free(ctx);
    }
}

/* What is refused ends the row, as it ends the caller's program: afterwards
 * the default provider of OpenSSL 3.0 is of two minds. */
static void sign_row(struct ord *o, const struct row *row, EVP_PKEY *key,
                     EVP_PKEY *half)
{
    unsigned char sig[40000];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t size = 0, room;

    if (ord_result(o,
                   EVP_DigestSignInit_ex(ctx, &pctx, row->digest, o->lib, NULL,
                                         key, NULL),
                   "sign") > 0 &&
        ord_options(o, pctx, row->options)) {
        write_algorithm(o, pctx);
        ord_result(o, EVP_DigestSign(ctx, NULL, &size, text, sizeof(text)),
                   "size");
        room = size;
        if (ord_result(o, EVP_DigestSign(ctx, sig, &size, text, sizeof(text)),
                       "sign, room %zu", room) > 0) {
            if (is_fixed(row))
                ord_octets(o, "signature", sig, size);
            else
                ord_text(o, "signature of up to %zu: %d", room,
                         size > room / 2 && size <= room);
            verify(o, row, key, sig, size);
            verify(o, row, half, sig, size);
        }
        room = 3;
        ord_result(o, EVP_DigestSign(ctx, sig, &room, text, sizeof(text)),
                   "no room");
    }
    EVP_MD_CTX_free(ctx);
    ctx = EVP_MD_CTX_new();
    size = sizeof(sig);
    if (ord_result(o,
                   EVP_DigestSignInit_ex(ctx, NULL, row->digest, o->lib, NULL,
                                         half, NULL),
                   "with a public key") > 0)
        ord_result(o, EVP_DigestSign(ctx, sig, &size, text, sizeof(text)),
                   "sign");
    EVP_MD_CTX_free(ctx);
}

/* Each row with its key and the public half of that. */
static void each_row(struct ord *o,
                     void (*run)(struct ord *, const struct row *, EVP_PKEY *,
                                 EVP_PKEY *))
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key, *half;

        if (!ord_has(rows[i].key))
            continue;
        key = ord_key(o, rows[i].key);
        half = ord_public(o, rows[i].key);
        ord_text(o, "%s %s %s", rows[i].key,
                 rows[i].digest == NULL ? "" : rows[i].digest, rows[i].options);
        run(o, &rows[i], key, half);
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
    }
}

static void sign_messages(struct ord *o)
{
    each_row(o, sign_row);
}

static int set_up(struct ord *o, EVP_PKEY_CTX *ctx, const struct row *row,
                  const EVP_MD *md)
{
    return (md == NULL ||
            ord_result(o, EVP_PKEY_CTX_set_signature_md(ctx, md), "md") > 0) &&
           ord_options(o, ctx, row->options);
}

static void check_digest(struct ord *o, const struct row *row, EVP_PKEY *half,
                         const EVP_MD *md, unsigned char *digest,
                         size_t digest_size, const unsigned char *sig,
                         size_t size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, half, NULL);
    unsigned char out[512];
    size_t got = sizeof(out);

    ord_result(o, EVP_PKEY_verify_init(ctx), "verify");
    if (set_up(o, ctx, row, md)) {
        ord_result(o, EVP_PKEY_verify(ctx, sig, size, digest, digest_size),
                   "valid");
        digest[0] ^= 1;
        ord_result(o, EVP_PKEY_verify(ctx, sig, size, digest, digest_size),
                   "other digest");
        digest[0] ^= 1;
    }
    if (ord_result(o, EVP_PKEY_verify_recover_init(ctx), "recover") > 0 &&
        set_up(o, ctx, row, md) &&
        ord_result(o, EVP_PKEY_verify_recover(ctx, out, &got, sig, size),
                   "recovered") > 0)
        ord_octets(o, "digest", out, got);
    EVP_PKEY_CTX_free(ctx);
}

static void sign_digest_row(struct ord *o, const struct row *row, EVP_PKEY *key,
                            EVP_PKEY *half)
{
    static const size_t lengths[] = {20, 32, 36, 48, 64, 256, 0, 300};
    unsigned char digest[300], sig[40000];
    EVP_MD *md =
        row->digest == NULL ? NULL : EVP_MD_fetch(o->lib, row->digest, NULL);
    size_t i;

    memset(digest, 7, sizeof(digest));
    ERR_clear_error();
    for (i = 0; i < COUNT(lengths); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);
        size_t size = sizeof(sig);

        if (ord_result(o, EVP_PKEY_sign_init(ctx), "%zu", lengths[i]) > 0 &&
            set_up(o, ctx, row, md) &&
            ord_result(o, EVP_PKEY_sign(ctx, sig, &size, digest, lengths[i]),
                       "sign") > 0) {
            if (is_fixed(row))
                ord_octets(o, "signature", sig, size);
            check_digest(o, row, half, md, digest, lengths[i], sig, size);
        }
        EVP_PKEY_CTX_free(ctx);
    }
    EVP_MD_free(md);
}

/* EVP_PKEY_sign on what may be a digest. */
static void sign_digests(struct ord *o)
{
    each_row(o, sign_digest_row);
}

static void verify_pieces(struct ord *o, const struct row *row, EVP_PKEY *key,
                          const unsigned char *sig, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;

    if (is_fixed(row))
        ord_octets(o, "signature", sig, size);
    ord_good(o,
             EVP_DigestVerifyInit_ex(ctx, &pctx, row->digest, o->lib, NULL, key,
                                     NULL),
             "verify");
    ord_options(o, pctx, row->options);
    ord_result(o, EVP_DigestVerifyUpdate(ctx, text, 10), "update");
    ord_chance(o, EVP_DigestVerifyFinal(ctx, sig, size), "valid");
    EVP_MD_CTX_free(ctx);
}

/* The copy goes another way. */
static void write_copy(struct ord *o, const struct row *row,
                       const EVP_MD_CTX *ctx)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    unsigned char sig[512];
    size_t size = sizeof(sig);

    ord_result(o, EVP_MD_CTX_copy_ex(copy, ctx), "copy");
    ord_result(o, EVP_DigestSignUpdate(copy, text + 7, 5), "update");
    if (ord_result(o, EVP_DigestSignFinal(copy, sig, &size), "final") > 0 &&
        is_fixed(row))
        ord_octets(o, "signature", sig, size);
    EVP_MD_CTX_free(copy);
}

/* In pieces, with copies of the context on the way, and used again. */
static void sign_in_pieces(struct ord *o)
{
    static const struct row some[] = {
        {"RSA", "SHA256", ""},
        {"RSA", "SHA512", "rsa_padding_mode:pss"},
        {"RSA-PSS", "SHA384", ""},
        {"P-256", "SHA256", ""},
        {"secp256k1", "SHA1", ""},
        {"DSA", "SHA256", ""},

        {"explicit P-256", "SHA512", ""},
    };
    unsigned char sig[512];
    size_t i, size;
    int round;

    for (i = 0; i < COUNT(some); i++) {
        EVP_PKEY *key = ord_key(o, some[i].key);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx = NULL;

        ord_good(o,
                 EVP_DigestSignInit_ex(ctx, &pctx, some[i].digest, o->lib, NULL,
                                       key, NULL),
                 "%s", some[i].key);
        ord_options(o, pctx, some[i].options);
        for (round = 0; round < 3; round++) {
            ord_result(o, EVP_DigestSignUpdate(ctx, text, 5), "update");
            /* OpenSSL 3.5 falls over a copy of what was begun anew. */
            if (round == 0)
                write_copy(o, &some[i], ctx);
            ord_result(o, EVP_DigestSignUpdate(ctx, text + 5, 5), "update");
            size = sizeof(sig);
            if (ord_result(o, EVP_DigestSignFinal(ctx, sig, &size), "final") >
                0)
                verify_pieces(o, &some[i], key, sig, size);
            if (ord_result(o,
                           EVP_DigestSignInit_ex(ctx, NULL, NULL, o->lib, NULL,
                                                 NULL, NULL),
                           "begun anew") <= 0)
                break;
        }
        EVP_MD_CTX_free(ctx);
        EVP_PKEY_free(key);
    }
}

/* The interface before EVP_DigestSign. */
static void sign_the_old_way(struct ord *o)
{
    static const char *const names[] = {"RSA", "P-256", "DSA", "RSA-PSS"};
    unsigned char sig[512];
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key = ord_key(o, names[i]), *half = ord_public(o, names[i]);
        EVP_MD *md = EVP_MD_fetch(o->lib, "SHA256", NULL);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        unsigned int size = 0;

        ord_good(o, EVP_SignInit_ex(ctx, md, NULL), "%s", names[i]);
        ord_good(o, EVP_SignUpdate(ctx, text, sizeof(text)), "update");
        if (ord_result(o, EVP_SignFinal_ex(ctx, sig, &size, key, o->lib, NULL),
                       "sign") > 0) {
            if (strcmp(names[i], "RSA") == 0)
                ord_octets(o, "signature", sig, size);
            ord_good(o, EVP_VerifyInit_ex(ctx, md, NULL), "verify");
            ord_good(o, EVP_VerifyUpdate(ctx, text, sizeof(text)), "update");
            ord_result(o,
                       EVP_VerifyFinal_ex(ctx, sig, size, half, o->lib, NULL),
                       "valid");
            sig[damaged_octet(size)] ^= 1;
            ord_chance(o,
                       EVP_VerifyFinal_ex(ctx, sig, size, half, o->lib, NULL),
                       "damaged");
        }
        EVP_MD_CTX_free(ctx);
        EVP_MD_free(md);
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
    }
}

/* A key of this context used in another, and the other way round. */
static void across_contexts(struct ord *o)
{
    static const char *const names[] = {"RSA",   "RSA-PSS",   "P-256",
                                        "P-521", "secp256k1", "explicit P-256",
                                        "DSA",   "ED25519"};
    size_t i, size;

    for (i = 0; i < COUNT(names); i++) {
        struct ord other = {th_plain(), o->out, o->name, 0};
        EVP_PKEY *here = ord_key(o, names[i]);
        EVP_PKEY *there = ord_key(&other, names[i]);
        struct th_scheme scheme = {ord_digest_of(here), 0};
        unsigned char *sig;

        sig = th_sign(th_plain(), here, &scheme, "text", &size);
        if (ord_good(o, sig != NULL, "%s signs there", names[i]))
            ord_good(o, th_verify(o->lib, there, &scheme, "text", sig, size),
                     "verified here");
        OPENSSL_free(sig);
        sig = th_sign(o->lib, there, &scheme, "text", &size);
        if (ord_good(o, sig != NULL, "%s signs here", names[i])) {
            ord_good(o, th_verify(th_plain(), here, &scheme, "text", sig, size),
                     "verified there");
            ord_good(o, th_verify(o->lib, here, &scheme, "text", sig, size),
                     "verified here");
        }
        OPENSSL_free(sig);
        ord_text(o, "eq %d %d", EVP_PKEY_eq(here, there),
                 EVP_PKEY_eq(there, here));
        EVP_PKEY_free(here);
        EVP_PKEY_free(there);
    }
}

const struct ord_case ord_sign_cases[] = {
    {"signatures of messages", sign_messages},
    {"signatures of digests", sign_digests},
    {"signatures in pieces", sign_in_pieces},
    {"signatures the old way", sign_the_old_way},
    {"keys across contexts", across_contexts},
    {NULL, NULL},
};
