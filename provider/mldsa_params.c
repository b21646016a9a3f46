/* SPDX-License-Identifier: MIT
 *
 * Parameters of ML-DSA signatures, as the default provider has them.  What the
 * HSM does not do is refused when it is set: its random octets are its own.
 */
#include "mldsa.h"

#ifdef MP_ML_DSA

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "err.h"

static int wrong(const struct mp_mldsa *ctx, const OSSL_PARAM *param,
                 const char *what)
{
    mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is %s", param->key, what);
    return 0;
}

static int set_context(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;
    void *octets = ctx->set.context;

    /* It is in the hash already, or another one is. */
    if (ctx->hash != NULL)
        return wrong(ctx, param, "too late: the message has begun");
    if (OSSL_PARAM_get_octet_string(param, &octets, sizeof(ctx->set.context),
                                    &ctx->set.context_size))
        return 1;
    return wrong(ctx, param, "not 0 to 255 octets");
}

static int set_entropy(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;
    void *octets = ctx->set.entropy;

    if (OSSL_PARAM_get_octet_string(param, &octets, sizeof(ctx->set.entropy),
                                    &ctx->set.entropy_size) &&
        ctx->set.entropy_size == sizeof(ctx->set.entropy))
        return 1;
    return wrong(ctx, param, "not 32 octets");
}

static int set_number(const struct mp_mldsa *ctx, const OSSL_PARAM *param,
                      int *number)
{
    return OSSL_PARAM_get_int(param, number) || wrong(ctx, param, "no number");
}

static int set_deterministic(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;

    return set_number(ctx, param, &ctx->set.deterministic);
}

static int set_encoding(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;

    if (ctx->hash != NULL)
        return wrong(ctx, param, "too late: the message has begun");
    return set_number(ctx, param, &ctx->set.encoding);
}

static int set_mu(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;

    return set_number(ctx, param, &ctx->set.mu);
}

/* Only of a message that comes in pieces; else it comes with the message. */
static int set_signature(void *object, const OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;
    unsigned char *copy = NULL;
    const void *octets = NULL;
    size_t size = 0;

    if (ctx->operation != MP_MLDSA_VERIFY_MESSAGE)
        return 1;
    if (!OSSL_PARAM_get_octet_string_ptr(param, &octets, &size))
        return wrong(ctx, param, "no octets");
    if (size != 0 && (copy = OPENSSL_memdup(octets, size)) == NULL) {
        mp_raise(ctx->prov, MP_R_MEMORY, "no room for a signature");
        return 0;
    }
    OPENSSL_free(ctx->signature);
    ctx->signature = copy;
    ctx->signature_size = size;
    return 1;
}

/* Without parameters, as RFC 9881 wants it. */
static int get_algorithm_id(void *object, OSSL_PARAM *param)
{
    struct mp_mldsa *ctx = object;
    const mhsm_parameter_set *set = mhsm_parameter_set_find(ctx->name);
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char *der = NULL;
    struct mp_mark mark;
    int size = 0, ok;

    mp_mark_set(&mark);
    if (algorithm != NULL && set != NULL &&
        X509_ALGOR_set0(algorithm, OBJ_txt2obj(set->oid, 1), V_ASN1_UNDEF,
                        NULL) == 1)
        size = i2d_X509_ALGOR(algorithm, &der);
    ok = size > 0 && OSSL_PARAM_set_octet_string(param, der, (size_t)size);
    X509_ALGOR_free(algorithm);
    OPENSSL_free(der);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL,
                       "cannot make the algorithm identifier");
}

#define COMMON_PARAMS(SET, GET)                                                \
    SET(OSSL_SIGNATURE_PARAM_CONTEXT_STRING, OCTET_STRING, set_context)        \
    SET(OSSL_SIGNATURE_PARAM_TEST_ENTROPY, OCTET_STRING, set_entropy)          \
    SET(OSSL_SIGNATURE_PARAM_DETERMINISTIC, INTEGER, set_deterministic)        \
    SET(OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING, INTEGER, set_encoding)          \
    SET(OSSL_SIGNATURE_PARAM_MU, INTEGER, set_mu)                              \
    GET(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OCTET_STRING, get_algorithm_id)
#define SIGN_PARAMS(BOTH, SET, GET) COMMON_PARAMS(SET, GET)
#define VERIFY_PARAMS(BOTH, SET, GET)                                          \
    COMMON_PARAMS(SET, GET)                                                    \
    SET(OSSL_SIGNATURE_PARAM_SIGNATURE, OCTET_STRING, set_signature)

MP_SETTABLE(mp_mldsa_settable, SIGN_PARAMS);
MP_SETTABLE(mp_mldsa_verify_settable, VERIFY_PARAMS);
MP_GETTABLE(mp_mldsa_gettable, SIGN_PARAMS);
static MP_SETTERS(setters, VERIFY_PARAMS);
static MP_GETTERS(getters, SIGN_PARAMS);

int mp_mldsa_remote_check(const struct mp_mldsa *ctx)
{
    const char *what = NULL;

    if (ctx->operation != MP_MLDSA_SIGN || ctx->key == NULL ||
        ctx->key->hsm == NULL)
        return 1;
    if (ctx->set.deterministic != 0)
        what = OSSL_SIGNATURE_PARAM_DETERMINISTIC;
    else if (ctx->set.entropy_size != 0)
        what = OSSL_SIGNATURE_PARAM_TEST_ENTROPY;
    if (what == NULL)
        return 1;
    mp_raise(ctx->prov, MP_R_PARAMETER,
             "the HSM signs with random octets of its own: %s is not possible "
             "with key %s",
             what, mhsm_key_id(ctx->key->hsm));
    return 0;
}

int mp_mldsa_set_params(struct mp_mldsa *ctx, const OSSL_PARAM params[])
{
    struct mp_mldsa_settings before;
    int ok;

    if (params == NULL || params[0].key == NULL)
        return 1;
    before = ctx->set;
    ok = mp_params_set(setters, ctx, params) && mp_mldsa_remote_check(ctx);
    if (!ok)
        ctx->set = before;
    OPENSSL_cleanse(&before, sizeof(before));
    return ok;
}

int mp_mldsa_get_params(struct mp_mldsa *ctx, OSSL_PARAM params[])
{
    return mp_params_get(getters, ctx, params);
}

#endif
