/* SPDX-License-Identifier: MIT
 *
 * KEYMGMT for RSA and for RSA-PSS: the tables, and what names the type.  The
 * HSM knows RSA keys alone; that one is for PSS is what its reference says, and
 * with this provider first, what any program makes.
 */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "keymgmt_gen.h"

FN(keymgmt, rsa, new);
FN(keymgmt, rsa, load);
FN(keymgmt, rsa, import);
FN(keymgmt, rsa, import_types);
FN(keymgmt, rsa, export_types);
FN(keymgmt, rsa, gettable_params);
FN(keymgmt, rsa, query_operation_name);
FN(keymgmt, rsa, gen_init);
FN(keymgmt, rsa, gen_settable_params);
FN(keymgmt, pss, new);
FN(keymgmt, pss, load);
FN(keymgmt, pss, gen_init);
FN(keymgmt, pss, gen_settable_params);

static void *rsa_keymgmt_new(void *provctx)
{
    return mp_key_new(provctx, MHSM_KEY_RSA);
}

static void *rsa_keymgmt_load(const void *reference, size_t size)
{
    return mp_keymgmt_load_type(reference, size, "RSA");
}

static int rsa_keymgmt_import(void *keydata, int selection,
                              const OSSL_PARAM params[])
{
    return mp_keymgmt_import_type(keydata, selection, params,
                                  OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_D);
}

#define NUMBER(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0)
#define PUBLIC_NUMBERS                                                         \
    NUMBER(OSSL_PKEY_PARAM_RSA_N), NUMBER(OSSL_PKEY_PARAM_RSA_E)
/* Of each prime; there are two to ten. */
#define PRIME(number, before)                                                  \
    NUMBER(OSSL_PKEY_PARAM_RSA_FACTOR##number),                                \
        NUMBER(OSSL_PKEY_PARAM_RSA_EXPONENT##number),                          \
        NUMBER(OSSL_PKEY_PARAM_RSA_COEFFICIENT##before)
#define PRIVATE_NUMBERS                                                        \
    NUMBER(OSSL_PKEY_PARAM_RSA_D), NUMBER(OSSL_PKEY_PARAM_RSA_FACTOR1),        \
        NUMBER(OSSL_PKEY_PARAM_RSA_EXPONENT1), PRIME(2, 1), PRIME(3, 2),       \
        PRIME(4, 3), PRIME(5, 4), PRIME(6, 5), PRIME(7, 6), PRIME(8, 7),       \
        PRIME(9, 8), PRIME(10, 9)

static const OSSL_PARAM key_types[] = {PUBLIC_NUMBERS, PRIVATE_NUMBERS,
                                       OSSL_PARAM_END};

/* As the default provider, all for either half. */
static const OSSL_PARAM *rsa_keymgmt_import_types(int selection)
{
    return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 ? key_types : NULL;
}

static const OSSL_PARAM *rsa_keymgmt_export_types(int selection)
{
    return rsa_keymgmt_import_types(selection);
}

static const OSSL_PARAM gettable[] = {
    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
    PUBLIC_NUMBERS,
    PRIVATE_NUMBERS,
    MP_KEYMGMT_OWN_PARAMS,
    OSSL_PARAM_END,
};

static const OSSL_PARAM *rsa_keymgmt_gettable_params(void *provctx)
{
    (void)provctx;
    return gettable;
}

static const char *rsa_keymgmt_query_operation_name(int operation_id)
{
    if (operation_id == OSSL_OP_SIGNATURE ||
        operation_id == OSSL_OP_ASYM_CIPHER)
        return "RSA";
    return NULL;
}

static void *rsa_keymgmt_gen_init(void *provctx, int selection,
                                  const OSSL_PARAM params[])
{
    return mp_keymgmt_gen_init_type(provctx, selection, params, MHSM_KEY_RSA,
                                    "RSA");
}

static const OSSL_PARAM *rsa_keymgmt_gen_settable_params(void *genctx,
                                                         void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_BITS, NULL),
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_PRIMES, NULL),
        NUMBER(OSSL_PKEY_PARAM_RSA_E),
        MP_GEN_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)genctx;
    (void)provctx;
    return settable;
}

static void *pss_keymgmt_new(void *provctx)
{
    return mp_key_new_named(provctx, MHSM_KEY_RSA, MP_RSA_PSS);
}

static void *pss_keymgmt_load(const void *reference, size_t size)
{
    return mp_keymgmt_load_type(reference, size, MP_RSA_PSS);
}

static void *pss_keymgmt_gen_init(void *provctx, int selection,
                                  const OSSL_PARAM params[])
{
    return mp_keymgmt_gen_init_type(provctx, selection, params, MHSM_KEY_RSA,
                                    MP_RSA_PSS);
}

static const OSSL_PARAM *pss_keymgmt_gen_settable_params(void *genctx,
                                                         void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_BITS, NULL),
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_PRIMES, NULL),
        NUMBER(OSSL_PKEY_PARAM_RSA_E),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST_PROPS, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_MASKGENFUNC, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, NULL),
        MP_GEN_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)genctx;
    (void)provctx;
    return settable;
}

/* What differs between the two types comes by name. */
#define RSA_KEYMGMT(type)                                                      \
    const OSSL_DISPATCH mp_##type##_keymgmt[] = {                              \
        ENTRY(KEYMGMT, NEW, type##_keymgmt_new),                               \
        ENTRY(KEYMGMT, LOAD, type##_keymgmt_load),                             \
        ENTRY(KEYMGMT, FREE, mp_keymgmt_free),                                 \
        ENTRY(KEYMGMT, DUP, mp_keymgmt_dup),                                   \
        ENTRY(KEYMGMT, HAS, mp_keymgmt_has),                                   \
        ENTRY(KEYMGMT, MATCH, mp_keymgmt_match),                               \
        ENTRY(KEYMGMT, VALIDATE, mp_keymgmt_validate),                         \
        ENTRY(KEYMGMT, IMPORT, rsa_keymgmt_import),                            \
        ENTRY(KEYMGMT, IMPORT_TYPES, rsa_keymgmt_import_types),                \
        ENTRY(KEYMGMT, EXPORT, mp_keymgmt_export),                             \
        ENTRY(KEYMGMT, EXPORT_TYPES, rsa_keymgmt_export_types),                \
        ENTRY(KEYMGMT, GET_PARAMS, mp_keymgmt_get_params),                     \
        ENTRY(KEYMGMT, GETTABLE_PARAMS, rsa_keymgmt_gettable_params),          \
        ENTRY(KEYMGMT, QUERY_OPERATION_NAME,                                   \
              rsa_keymgmt_query_operation_name),                               \
        ENTRY(KEYMGMT, GEN_INIT, type##_keymgmt_gen_init),                     \
        ENTRY(KEYMGMT, GEN_SET_PARAMS, mp_keymgmt_gen_set_params),             \
        ENTRY(KEYMGMT, GEN_SETTABLE_PARAMS,                                    \
              type##_keymgmt_gen_settable_params),                             \
        ENTRY(KEYMGMT, GEN, mp_keymgmt_gen),                                   \
        ENTRY(KEYMGMT, GEN_CLEANUP, mp_keymgmt_gen_cleanup),                   \
        END,                                                                   \
    }

RSA_KEYMGMT(rsa);
RSA_KEYMGMT(pss);
