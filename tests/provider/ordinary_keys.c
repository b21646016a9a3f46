/* SPDX-License-Identifier: MIT
 *
 * The keys that all cases start from, of every type that OpenSSL has.  They
 * are made anew by each run of the program, so that no private key lies about,
 * and kept in a folder, so that its processes have the same.
 */
#include "ordinary.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CURVE(name)                                                            \
    {                                                                          \
        name, "EC", "ec_paramgen_curve:" name " ec_param_enc:named_curve",     \
            NULL                                                               \
    }
#define PLAIN(name)                                                            \
    {                                                                          \
        name, name, NULL, NULL                                                 \
    }

const struct ord_recipe ord_recipes[] = {
    {"RSA", "RSA", "rsa_keygen_bits:2048", NULL},
    {"RSA-1024", "RSA", "rsa_keygen_bits:1024 rsa_keygen_pubexp:3", NULL},
    {"RSA of three primes", "RSA", "rsa_keygen_bits:1024 rsa_keygen_primes:3",
     NULL},
    {"RSA-PSS", "RSA-PSS", "rsa_keygen_bits:1024", NULL},
    {"RSA-PSS of SHA-384", "RSA-PSS",
     "rsa_keygen_bits:1024 rsa_pss_keygen_md:sha384 "
     "rsa_pss_keygen_mgf1_md:sha384 rsa_pss_keygen_saltlen:48",
     NULL},
    {"RSA-PSS of two digests", "RSA-PSS",
     "rsa_keygen_bits:1024 rsa_pss_keygen_md:sha256 "
     "rsa_pss_keygen_mgf1_md:sha1 rsa_pss_keygen_saltlen:10",
     NULL},
    CURVE("P-192"),
    CURVE("P-224"),
    CURVE("P-256"),
    CURVE("P-384"),
    CURVE("P-521"),
    CURVE("secp256k1"),
    CURVE("brainpoolP256r1"),
    CURVE("brainpoolP384r1"),
    CURVE("brainpoolP512t1"),
    CURVE("sect283k1"),
    CURVE("sect409r1"),
    {"explicit P-256", "EC", "ec_paramgen_curve:P-256 ec_param_enc:explicit",
     NULL},
    {"explicit sect233r1", "EC",
     "ec_paramgen_curve:sect233r1 ec_param_enc:explicit", NULL},
    {"EC in two steps", "EC", NULL, "ec_paramgen_curve:P-384"},
    {"SM2", "SM2", NULL, NULL},
    PLAIN("X25519"),
    PLAIN("X448"),
    PLAIN("ED25519"),
    PLAIN("ED448"),
    {"DH", "DH", "group:ffdhe2048", NULL},
    {"DH in two steps", "DH", NULL,
     "dh_paramgen_prime_len:512 dh_paramgen_generator:2"},
    {"DHX", "DHX", NULL, "dh_rfc5114:1"},
    {"DSA", "DSA", NULL, "dsa_paramgen_bits:1024 dsa_paramgen_q_bits:160"},
    PLAIN("ML-DSA-44"),
    PLAIN("ML-DSA-65"),
    PLAIN("ML-DSA-87"),
    PLAIN("ML-KEM-512"),
    PLAIN("ML-KEM-768"),
    PLAIN("ML-KEM-1024"),
    PLAIN("SLH-DSA-SHA2-128f"),
    {NULL, NULL, NULL, NULL},
};

static const char *keys; /* the folder */

static int set_options(EVP_PKEY_CTX *ctx, const char *options)
{
    char list[256], *rest = list, *option;

    snprintf(list, sizeof(list), "%s", options == NULL ? "" : options);
    while ((option = strsep(&rest, " ")) != NULL) {
        char *value = strchr(option, ':');

        if (value == NULL)
            continue;
        *value++ = '\0';
        if (EVP_PKEY_CTX_ctrl_str(ctx, option, value) <= 0)
            return 0;
    }
    return 1;
}

EVP_PKEY *ord_generate(OSSL_LIB_CTX *lib, const struct ord_recipe *recipe)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, recipe->type, NULL);
    EVP_PKEY *parameters = NULL, *key = NULL;

    if (ctx != NULL && recipe->parameters != NULL) {
        if (EVP_PKEY_paramgen_init(ctx) <= 0 ||
            !set_options(ctx, recipe->parameters) ||
            EVP_PKEY_paramgen(ctx, &parameters) <= 0)
            goto out;
        EVP_PKEY_CTX_free(ctx);
        ctx = EVP_PKEY_CTX_new_from_pkey(lib, parameters, NULL);
    }
    if (ctx != NULL && EVP_PKEY_keygen_init(ctx) > 0 &&
        set_options(ctx, recipe->options))
        (void)EVP_PKEY_keygen(ctx, &key);
out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(parameters);
    return key;
}

static void path_of(char *path, size_t max, const char *name)
{
    snprintf(path, max, "%s/%s.der", keys, name);
}

void ord_keys_use(const char *folder)
{
    keys = folder;
}

void ord_keys_make(const char *folder)
{
    const struct ord_recipe *recipe;

    keys = folder;
    if (mkdir(folder, 0700) != 0)
        th_die("cannot make %s", folder);
    for (recipe = ord_recipes; recipe->name != NULL; recipe++) {
        EVP_PKEY *key = ord_generate(th_plain(), recipe);
        char path[512];
        BIO *file;

        if (key == NULL) {
            ERR_clear_error();
            continue;
        }
        path_of(path, sizeof(path), recipe->name);
        file = BIO_new_file(path, "wb");
        if (file == NULL ||
            i2d_PKCS8PrivateKey_bio(file, key, NULL, NULL, 0, NULL, NULL) != 1)
            th_die("cannot write %s", path);
        BIO_free(file);
        EVP_PKEY_free(key);
    }
}

const char *ord_scratch(void)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/scratch", keys);
    return path;
}

int ord_has(const char *name)
{
    struct stat status;
    char path[512];

    path_of(path, sizeof(path), name);
    return stat(path, &status) == 0;
}

const char *ord_key_name(size_t number)
{
    const struct ord_recipe *recipe;

    for (recipe = ord_recipes; recipe->name != NULL; recipe++) {
        if (ord_has(recipe->name) && number-- == 0)
            return recipe->name;
    }
    return NULL;
}

unsigned char *ord_key_octets(const char *name, long *size)
{
    unsigned char octets[16384];
    char path[512];
    BIO *file;
    int got;

    path_of(path, sizeof(path), name);
    file = BIO_new_file(path, "rb");
    got = file == NULL ? 0 : BIO_read(file, octets, sizeof(octets));
    if (got <= 0)
        th_die("no input key %s", name);
    BIO_free(file);
    *size = got;
    return OPENSSL_memdup(octets, (size_t)got);
}

EVP_PKEY *ord_key(struct ord *o, const char *name)
{
    long size;
    unsigned char *octets = ord_key_octets(name, &size);
    const unsigned char *at = octets;
    EVP_PKEY *key = d2i_AutoPrivateKey_ex(NULL, &at, size, o->lib, NULL);

    OPENSSL_clear_free(octets, (size_t)size);
    if (key == NULL)
        th_die("%s: the input key %s is not read", o->name, name);
    return key;
}

EVP_PKEY *ord_public(struct ord *o, const char *name)
{
    EVP_PKEY *key = ord_key(o, name), *half;
    unsigned char *der = NULL;
    const unsigned char *at;
    int size = i2d_PUBKEY(key, &der);

    at = der;
    half = size <= 0 ? NULL : d2i_PUBKEY_ex(NULL, &at, size, o->lib, NULL);
    if (half == NULL)
        th_die("%s: the public half of %s is not read", o->name, name);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return half;
}

const char *ord_digest_of(EVP_PKEY *key)
{
    static char name[32];
    int known = EVP_PKEY_get_default_digest_name(key, name, sizeof(name));

    /* 2: it signs with no other. */
    if (known == 2)
        return name[0] == '\0' || strcmp(name, "UNDEF") == 0 ? NULL : name;
    if (EVP_PKEY_is_a(key, "SM2"))
        return "SM3";
    return EVP_PKEY_get_bits(key) == 384 ? "SHA384" : "SHA256";
}
