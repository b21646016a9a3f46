/* SPDX-License-Identifier: MIT
 *
 * KEYMGMT for ML-DSA: one table for each parameter set, which is a type of its
 * own to OpenSSL.  A private key may come as a seed; the public one is made of
 * it.
 */
#include "keymgmt_gen.h"
#include "mldsa.h"

#ifdef MP_ML_DSA

#include <openssl/params.h>

#include "err.h"
#include "keymgmt.h"
#include "local.h"

FN(keymgmt, mldsa, import);
FN(keymgmt, mldsa, import_types);
FN(keymgmt, mldsa, export_types);
FN(keymgmt, mldsa, gettable_params);
FN(keymgmt, mldsa, gen_settable_params);

static int has_octets(const OSSL_PARAM params[], const char *name)
{
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, name);

    return param != NULL && param->data_size != 0;
}

static int mldsa_keymgmt_import(void *keydata, int selection,
                                const OSSL_PARAM params[])
{
    struct mp_key *key = keydata;
    struct mp_mark mark;

    if (key == NULL || key->pkey != NULL || params == NULL ||
        (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return 0;
    mp_mark_set_keep(&mark);
    key->pkey = mp_local_import(key->prov, key->name, selection, params);
    if (key->pkey == NULL) {
        mp_raise_local(key->prov, &mark, MP_R_LOCAL, "cannot import the key");
        return 0;
    }
    mp_mark_drop(&mark);
    key->has_public = 1;
    key->has_private = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 &&
                       (has_octets(params, OSSL_PKEY_PARAM_PRIV_KEY) ||
                        has_octets(params, OSSL_PKEY_PARAM_ML_DSA_SEED));
    return 1;
}

#define OCTETS(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_OCTET_STRING, NULL, 0)
#define NUMBER(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_INTEGER, NULL, 0)
#define TEXT(name)   OSSL_PARAM_DEFN(name, OSSL_PARAM_UTF8_STRING, NULL, 0)

static const OSSL_PARAM key_types[] = {
    OCTETS(OSSL_PKEY_PARAM_ML_DSA_SEED), OCTETS(OSSL_PKEY_PARAM_PRIV_KEY),
    OCTETS(OSSL_PKEY_PARAM_PUB_KEY), OSSL_PARAM_END};

static const OSSL_PARAM *mldsa_keymgmt_import_types(int selection)
{
    return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 ? key_types : NULL;
}

static const OSSL_PARAM *mldsa_keymgmt_export_types(int selection)
{
    return mldsa_keymgmt_import_types(selection);
}

static const OSSL_PARAM gettable[] = {
    NUMBER(OSSL_PKEY_PARAM_BITS),
    NUMBER(OSSL_PKEY_PARAM_SECURITY_BITS),
    NUMBER(OSSL_PKEY_PARAM_MAX_SIZE),
#ifdef OSSL_PKEY_PARAM_SECURITY_CATEGORY
    NUMBER(OSSL_PKEY_PARAM_SECURITY_CATEGORY),
#endif
    TEXT(OSSL_PKEY_PARAM_MANDATORY_DIGEST),
    OCTETS(OSSL_PKEY_PARAM_PUB_KEY),
    OCTETS(OSSL_PKEY_PARAM_PRIV_KEY),
    OCTETS(OSSL_PKEY_PARAM_ML_DSA_SEED),
    MP_KEYMGMT_OWN_PARAMS,
    OSSL_PARAM_END,
};

static const OSSL_PARAM *mldsa_keymgmt_gettable_params(void *provctx)
{
    (void)provctx;
    return gettable;
}

static const OSSL_PARAM *mldsa_keymgmt_gen_settable_params(void *genctx,
                                                           void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OCTETS(OSSL_PKEY_PARAM_ML_DSA_SEED),
        TEXT(OSSL_PKEY_PARAM_PROPERTIES),
        MP_GEN_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)genctx;
    (void)provctx;
    return settable;
}

#define MLDSA_KEYMGMT(set, name)                                               \
    FN(keymgmt, mldsa##set, new);                                              \
    FN(keymgmt, mldsa##set, load);                                             \
    FN(keymgmt, mldsa##set, gen_init);                                         \
    static void *mldsa##set##_keymgmt_new(void *provctx)                       \
    {                                                                          \
        return mp_key_new_named(provctx, MHSM_KEY_AKP, name);                  \
    }                                                                          \
    static void *mldsa##set##_keymgmt_load(const void *reference, size_t size) \
    {                                                                          \
        return mp_keymgmt_load_type(reference, size, name);                    \
    }                                                                          \
    static void *mldsa##set##_keymgmt_gen_init(void *provctx, int selection,   \
                                               const OSSL_PARAM params[])      \
    {                                                                          \
        return mp_keymgmt_gen_init_type(provctx, selection, params,            \
                                        MHSM_KEY_AKP, name);                   \
    }                                                                          \
    const OSSL_DISPATCH mp_mldsa##set##_keymgmt[] = {                          \
        ENTRY(KEYMGMT, NEW, mldsa##set##_keymgmt_new),                         \
        ENTRY(KEYMGMT, LOAD, mldsa##set##_keymgmt_load),                       \
        ENTRY(KEYMGMT, FREE, mp_keymgmt_free),                                 \
        ENTRY(KEYMGMT, DUP, mp_keymgmt_dup),                                   \
        ENTRY(KEYMGMT, HAS, mp_keymgmt_has),                                   \
        ENTRY(KEYMGMT, MATCH, mp_keymgmt_match),                               \
        ENTRY(KEYMGMT, VALIDATE, mp_keymgmt_validate),                         \
        ENTRY(KEYMGMT, IMPORT, mldsa_keymgmt_import),                          \
        ENTRY(KEYMGMT, IMPORT_TYPES, mldsa_keymgmt_import_types),              \
        ENTRY(KEYMGMT, EXPORT, mp_keymgmt_export),                             \
        ENTRY(KEYMGMT, EXPORT_TYPES, mldsa_keymgmt_export_types),              \
        ENTRY(KEYMGMT, GET_PARAMS, mp_keymgmt_get_params),                     \
        ENTRY(KEYMGMT, GETTABLE_PARAMS, mldsa_keymgmt_gettable_params),        \
        ENTRY(KEYMGMT, GEN_INIT, mldsa##set##_keymgmt_gen_init),               \
        ENTRY(KEYMGMT, GEN_SET_PARAMS, mp_keymgmt_gen_set_params),             \
        ENTRY(KEYMGMT, GEN_SETTABLE_PARAMS,                                    \
              mldsa_keymgmt_gen_settable_params),                              \
        ENTRY(KEYMGMT, GEN, mp_keymgmt_gen),                                   \
        ENTRY(KEYMGMT, GEN_CLEANUP, mp_keymgmt_gen_cleanup),                   \
        END,                                                                   \
    }

MLDSA_KEYMGMT(44, "ML-DSA-44");
MLDSA_KEYMGMT(65, "ML-DSA-65");
MLDSA_KEYMGMT(87, "ML-DSA-87");

#endif
