/* SPDX-License-Identifier: MIT
 *
 * Key objects: counting references, and building the local public key from the
 * numbers that the service gave.  Must never make a request.
 */
#include "key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include "err.h"
#include "local.h"
#include "mldsa.h"

/* P-521: 0x04, x, y. */
#define POINT_MAX (1 + 2 * 66)

struct mp_key *mp_key_new_named(struct mp_prov *prov, mhsm_key_type type,
                                const char *name)
{
    struct mp_key *key = OPENSSL_zalloc(sizeof(*key));

    if (key == NULL)
        return NULL;
    atomic_init(&key->references, 1);
    key->prov = prov;
    key->type = type;
    key->name = name;
    return key;
}

struct mp_key *mp_key_new(struct mp_prov *prov, mhsm_key_type type)
{
    return mp_key_new_named(prov, type, mp_local_type_name(type));
}

struct mp_key *mp_key_up_ref(struct mp_key *key)
{
    if (key != NULL)
        atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void mp_key_free(struct mp_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1,
                                                 memory_order_acq_rel) > 1)
        return;
    EVP_PKEY_free(key->pkey);
    mhsm_key_free(key->hsm);
    OPENSSL_clear_free(key, sizeof(*key));
}

/* The restriction that a reference puts on an RSA key; see mhsm_key_pss(). */
static int build_pss(OSSL_PARAM_BLD *build, const char *digest)
{
    static const struct {
        const char *digest;
        int salt;
    } salts[] = {{"SHA2-256", 32}, {"SHA2-384", 48}, {"SHA2-512", 64}};

    if (digest == NULL || digest[0] == '\0')
        return 1;
    for (size_t i = 0; i < sizeof(salts) / sizeof(salts[0]); i++)
        if (strcmp(salts[i].digest, digest) == 0)
            return OSSL_PARAM_BLD_push_utf8_string(
                       build, OSSL_PKEY_PARAM_RSA_DIGEST, digest, 0) &&
                   OSSL_PARAM_BLD_push_utf8_string(
                       build, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, digest, 0) &&
                   OSSL_PARAM_BLD_push_int(
                       build, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, salts[i].salt);
    return 0;
}

static int build_rsa(OSSL_PARAM_BLD *build, const mhsm_key *hsm, BIGNUM *n,
                     BIGNUM *e)
{
    size_t n_size, e_size;
    const unsigned char *n_data = mhsm_key_rsa_n(hsm, &n_size);
    const unsigned char *e_data = mhsm_key_rsa_e(hsm, &e_size);

    return n_data != NULL && e_data != NULL && n_size <= 4096 &&
           e_size <= 4096 && BN_bin2bn(n_data, (int)n_size, n) != NULL &&
           BN_bin2bn(e_data, (int)e_size, e) != NULL &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
           build_pss(build, mhsm_key_pss(hsm));
}

static int build_ec(OSSL_PARAM_BLD *build, const mhsm_key *hsm,
                    unsigned char point[POINT_MAX])
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(hsm));
    size_t x_size, y_size;
    const unsigned char *x = mhsm_key_ec_x(hsm, &x_size);
    const unsigned char *y = mhsm_key_ec_y(hsm, &y_size);

    if (curve == NULL || x == NULL || y == NULL ||
        x_size != curve->coordinate_size || y_size != x_size ||
        1 + 2 * x_size > POINT_MAX)
        return 0;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x, x_size);
    memcpy(point + 1 + x_size, y, y_size);
    return OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                           curve->group, 0) &&
           OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + 2 * x_size);
}

static int build_akp(OSSL_PARAM_BLD *build, const mhsm_key *hsm)
{
    size_t size;
    const unsigned char *octets = mhsm_key_akp_public(hsm, &size);

    return octets != NULL && OSSL_PARAM_BLD_push_octet_string(
                                 build, OSSL_PKEY_PARAM_PUB_KEY, octets, size);
}

/* NULL when the numbers make no valid key. */
static EVP_PKEY *public_part(struct mp_prov *prov, const mhsm_key *hsm,
                             const char *name)
{
    mhsm_key_type type = mhsm_key_get_type(hsm);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    BIGNUM *n = BN_new(), *e = BN_new();
    unsigned char point[POINT_MAX];
    EVP_PKEY *pkey = NULL;
    int built = 0;

    if (build == NULL || n == NULL || e == NULL)
        goto out;
    if (type == MHSM_KEY_RSA)
        built = build_rsa(build, hsm, n, e);
    else if (type == MHSM_KEY_AKP)
        built = build_akp(build, hsm);
    else
        built = build_ec(build, hsm, point);
    if (!built || (params = OSSL_PARAM_BLD_to_param(build)) == NULL)
        goto out;
    pkey = mp_local_import(prov, name, EVP_PKEY_PUBLIC_KEY, params);
out:
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return pkey;
}

/* OpenSSL's name for the type; NULL with one error for a key that it cannot
 * use. */
static const char *type_name(struct mp_prov *prov, const mhsm_key *hsm)
{
    mhsm_key_type type = mhsm_key_get_type(hsm);
    const mhsm_parameter_set *set = mhsm_key_parameter_set(hsm);
    const char *name = type == MHSM_KEY_OCT ? MP_AES : mp_local_type_name(type);

    if (mhsm_key_pss(hsm) != NULL)
        return MP_RSA_PSS;
#ifdef MP_ML_DSA
    if (set != NULL)
        return set->name;
#else
    if (set != NULL) {
        mp_raise(prov, MP_R_KEY_TYPE,
                 "key %s is of type %s, which needs OpenSSL 3.5 and a provider "
                 "built with it",
                 mhsm_key_id(hsm), set->name);
        return NULL;
    }
#endif
    if (name == NULL)
        mp_raise(prov, MP_R_KEY_TYPE,
                 "key %s is of type %s, which is not usable as a private key",
                 mhsm_key_id(hsm), mhsm_key_type_name(type));
    return name;
}

struct mp_key *mp_key_wrap(struct mp_prov *prov, mhsm_key *hsm)
{
    mhsm_key_type type = mhsm_key_get_type(hsm);
    const char *name = type_name(prov, hsm);
    struct mp_key *key = NULL;
    struct mp_mark mark;

    if (name == NULL)
        goto fail;
    key = mp_key_new_named(prov, type, name);
    if (key == NULL) {
        mp_raise(prov, MP_R_MEMORY, "key %s", mhsm_key_id(hsm));
        goto fail;
    }
    if (type == MHSM_KEY_OCT) {
        key->hsm = hsm;
        key->has_private = 1;
        return key;
    }
    mp_mark_set(&mark);
    key->pkey = public_part(prov, hsm, name);
    if (key->pkey == NULL) {
        mp_raise_local(prov, &mark, MP_R_PUBLIC_KEY,
                       "the numbers of the key are no public key");
        goto fail;
    }
    if (prov->pkcs1_decryption && type == MHSM_KEY_RSA &&
        RAND_priv_bytes_ex(mp_local_libctx(prov), key->reject_secret,
                           sizeof(key->reject_secret), 0) != 1) {
        mp_raise_local(prov, &mark, MP_R_LOCAL, "no random octets");
        goto fail;
    }
    mp_mark_drop(&mark);
    key->hsm = hsm;
    key->has_public = key->has_private = 1;
    return key;
fail:
    mp_key_free(key);
    mhsm_key_free(hsm);
    return NULL;
}

struct mp_key *mp_key_get(struct mp_prov *prov, const char *text)
{
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *hsm = NULL;
    mhsm_status status = mhsm_uri_parse(prov->client, text, &uri, &err);

    if (status == MHSM_OK)
        status = mhsm_key_get(prov->client, uri, &hsm, &err);
    mhsm_uri_free(uri);
    if (status == MHSM_OK)
        return mp_key_wrap(prov, hsm);
    mp_raise_client(prov, &err);
    return NULL;
}

struct mp_key *mp_key_public_copy(const struct mp_key *key)
{
    struct mp_key *copy;
    struct mp_mark mark;

    if (key->type == MHSM_KEY_OCT) {
        mp_raise(key->prov, MP_R_KEY_TYPE, "the AES key %s has no public part",
                 mhsm_key_id(key->hsm));
        return NULL;
    }
    mp_mark_set(&mark);
    copy = mp_key_new_named(key->prov, key->type, key->name);
    if (copy != NULL && key->pkey != NULL)
        copy->pkey =
            mp_local_copy(key->prov, key->name, key->pkey, EVP_PKEY_PUBLIC_KEY);
    if (copy == NULL || copy->pkey == NULL) {
        mp_raise_local(key->prov, &mark, MP_R_LOCAL,
                       "cannot copy the public key");
        mp_key_free(copy);
        return NULL;
    }
    mp_mark_drop(&mark);
    copy->has_public = 1;
    return copy;
}

int mp_key_is_pss(const struct mp_key *key)
{
    return key->type == MHSM_KEY_RSA && strcmp(key->name, MP_RSA_PSS) == 0;
}

size_t mp_key_size(const struct mp_key *key)
{
    int size = key->pkey == NULL ? 0 : EVP_PKEY_get_size(key->pkey);

    return size > 0 ? (size_t)size : 0;
}

void mp_key_mark_set(const struct mp_key *key, struct mp_mark *mark)
{
    if (key->hsm == NULL)
        mp_mark_set_keep(mark);
    else
        mp_mark_set(mark);
}

uint32_t mp_key_reason(const struct mp_key *key, uint32_t reason, int defaults)
{
    return key->hsm != NULL ? reason
                            : (uint32_t)ERR_PACK(ERR_LIB_PROV, 0, defaults);
}

const char *mp_key_default_digest(const struct mp_key *key)
{
    static const struct {
        mhsm_curve curve;
        const char *digest;
    } digests[] = {
        {MHSM_CURVE_P384, "SHA384"},
        {MHSM_CURVE_P521, "SHA512"},
    };

    if (key->type == MHSM_KEY_AKP)
        return NULL;
    if (key->hsm != NULL && key->type == MHSM_KEY_EC)
        for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
            if (digests[i].curve == mhsm_key_curve(key->hsm))
                return digests[i].digest;
    return "SHA256";
}

int mp_key_may_begin(const struct mp_prov *prov, const struct mp_key *key,
                     int signing)
{
    if (key == NULL || key->pkey == NULL) {
        mp_raise(prov, MP_R_NO_KEY, "no key to sign or verify with");
        return 0;
    }
    /* With half a software key the default provider begins, too. */
    if (key->hsm == NULL || (signing ? key->has_private : key->has_public))
        return 1;
    mp_raise(prov, MP_R_NOT_PRIVATE, "the key has no %s part",
             signing ? "private" : "public");
    return 0;
}

void mp_key_ops_text(unsigned int operations, char *text, size_t size)
{
    text[0] = '\0';
    for (unsigned int bit = 1; bit != 0 && bit <= operations; bit <<= 1) {
        const char *name = mhsm_operation_name(bit);

        if ((operations & bit) == 0 || name == NULL)
            continue;
        if (text[0] != '\0')
            OPENSSL_strlcat(text, ",", size);
        OPENSSL_strlcat(text, name, size);
    }
}

int mp_key_require(const struct mp_key *key, unsigned int operations,
                   const char *what)
{
    unsigned int have = mhsm_key_operations(key->hsm);
    char text[128], wanted[128];

    if ((have & operations) != 0)
        return 1;
    mp_key_ops_text(have, text, sizeof(text));
    mp_key_ops_text(operations, wanted, sizeof(wanted));
    mp_raise(key->prov, MP_R_KEY_OPERATION,
             "key %s cannot %s: its key_ops are \"%s\" and hold none of \"%s\"",
             mhsm_key_id(key->hsm), what, text, wanted);
    return 0;
}
