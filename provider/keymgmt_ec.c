/* SPDX-License-Identifier: MIT
 *
 * KEYMGMT for EC: the tables, what names the type, and the one change that a
 * software key allows: taking a peer's encoded public key, as TLS does.
 */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "err.h"
#include "keymgmt_gen.h"

FN(keymgmt, ec, new);
FN(keymgmt, ec, load);
FN(keymgmt, ec, import);
FN(keymgmt, ec, import_types);
FN(keymgmt, ec, export_types);
FN(keymgmt, ec, gettable_params);
FN(keymgmt, ec, set_params);
FN(keymgmt, ec, settable_params);
FN(keymgmt, ec, query_operation_name);
FN(keymgmt, ec, gen_init);
FN(keymgmt, ec, gen_settable_params);

static void *ec_keymgmt_new(void *provctx)
{
    return mp_key_new(provctx, MHSM_KEY_EC);
}

static void *ec_keymgmt_load(const void *reference, size_t size)
{
    return mp_keymgmt_load_type(reference, size, "EC");
}

static int ec_keymgmt_import(void *keydata, int selection,
                             const OSSL_PARAM params[])
{
    return mp_keymgmt_import_type(keydata, selection, params,
                                  OSSL_PKEY_PARAM_PUB_KEY,
                                  OSSL_PKEY_PARAM_PRIV_KEY);
}

#define TEXT(name)   OSSL_PARAM_DEFN(name, OSSL_PARAM_UTF8_STRING, NULL, 0)
#define OCTETS(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_OCTET_STRING, NULL, 0)
#define NUMBER(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0)
#define SIGNED(name) OSSL_PARAM_DEFN(name, OSSL_PARAM_INTEGER, NULL, 0)

#define DOMAIN_PARAMS                                                          \
    TEXT(OSSL_PKEY_PARAM_GROUP_NAME), TEXT(OSSL_PKEY_PARAM_EC_ENCODING),       \
        TEXT(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT),                      \
        TEXT(OSSL_PKEY_PARAM_EC_FIELD_TYPE), NUMBER(OSSL_PKEY_PARAM_EC_P),     \
        NUMBER(OSSL_PKEY_PARAM_EC_A), NUMBER(OSSL_PKEY_PARAM_EC_B),            \
        OCTETS(OSSL_PKEY_PARAM_EC_GENERATOR),                                  \
        NUMBER(OSSL_PKEY_PARAM_EC_ORDER), NUMBER(OSSL_PKEY_PARAM_EC_COFACTOR), \
        OCTETS(OSSL_PKEY_PARAM_EC_SEED)
#ifdef OPENSSL_NO_EC2M
#define BINARY_PARAMS
#else
/* What a curve over a binary field has beside. */
#define BINARY_PARAMS                                                          \
    SIGNED(OSSL_PKEY_PARAM_EC_CHAR2_M), TEXT(OSSL_PKEY_PARAM_EC_CHAR2_TYPE),   \
        SIGNED(OSSL_PKEY_PARAM_EC_CHAR2_TP_BASIS),                             \
        SIGNED(OSSL_PKEY_PARAM_EC_CHAR2_PP_K1),                                \
        SIGNED(OSSL_PKEY_PARAM_EC_CHAR2_PP_K2),                                \
        SIGNED(OSSL_PKEY_PARAM_EC_CHAR2_PP_K3),
#endif
#define OTHER_PARAMS                                                           \
    SIGNED(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH),                                 \
        SIGNED(OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC)

/* One list for each selection, numbered by its bits, as the default provider
 * has them. */
#define LIST(number, ...)                                                      \
    static const OSSL_PARAM types_##number[] = {__VA_ARGS__, OSSL_PARAM_END}
#define PRIVATE_PARAMS NUMBER(OSSL_PKEY_PARAM_PRIV_KEY)
#define PUBLIC_PARAMS  OCTETS(OSSL_PKEY_PARAM_PUB_KEY)
#define GROUP_PARAMS                                                           \
    DOMAIN_PARAMS, SIGNED(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS)
LIST(1, PRIVATE_PARAMS);
LIST(2, PUBLIC_PARAMS);
LIST(3, PRIVATE_PARAMS, PUBLIC_PARAMS);
LIST(4, GROUP_PARAMS);
LIST(5, PRIVATE_PARAMS, GROUP_PARAMS);
LIST(6, PUBLIC_PARAMS, GROUP_PARAMS);
LIST(7, PRIVATE_PARAMS, PUBLIC_PARAMS, GROUP_PARAMS);
LIST(8, OTHER_PARAMS);
LIST(9, PRIVATE_PARAMS, OTHER_PARAMS);
LIST(10, PUBLIC_PARAMS, OTHER_PARAMS);
LIST(11, PRIVATE_PARAMS, PUBLIC_PARAMS, OTHER_PARAMS);
LIST(12, GROUP_PARAMS, OTHER_PARAMS);
LIST(13, PRIVATE_PARAMS, GROUP_PARAMS, OTHER_PARAMS);
LIST(14, PUBLIC_PARAMS, GROUP_PARAMS, OTHER_PARAMS);
LIST(15, PRIVATE_PARAMS, PUBLIC_PARAMS, GROUP_PARAMS, OTHER_PARAMS);

static const OSSL_PARAM *const types[] = {
    NULL,     types_1,  types_2,  types_3,  types_4,  types_5,
    types_6,  types_7,  types_8,  types_9,  types_10, types_11,
    types_12, types_13, types_14, types_15,
};

static const OSSL_PARAM *ec_keymgmt_import_types(int selection)
{
    static const struct {
        int selection;
        size_t bit;
    } bits[] = {
        {OSSL_KEYMGMT_SELECT_PRIVATE_KEY, 1},
        {OSSL_KEYMGMT_SELECT_PUBLIC_KEY, 2},
        {OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS, 4},
        {OSSL_KEYMGMT_SELECT_OTHER_PARAMETERS, 8},
    };
    size_t number = 0;

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        number |= (selection & bits[i].selection) != 0 ? bits[i].bit : 0;
    return types[number];
}

static const OSSL_PARAM *ec_keymgmt_export_types(int selection)
{
    return ec_keymgmt_import_types(selection);
}

static const OSSL_PARAM gettable[] = {
    SIGNED(OSSL_PKEY_PARAM_BITS),
    SIGNED(OSSL_PKEY_PARAM_SECURITY_BITS),
    SIGNED(OSSL_PKEY_PARAM_MAX_SIZE),
    TEXT(OSSL_PKEY_PARAM_DEFAULT_DIGEST),
    OCTETS(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
    SIGNED(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS),
    DOMAIN_PARAMS,
    BINARY_PARAMS OTHER_PARAMS,
    OCTETS(OSSL_PKEY_PARAM_PUB_KEY),
    NUMBER(OSSL_PKEY_PARAM_EC_PUB_X),
    NUMBER(OSSL_PKEY_PARAM_EC_PUB_Y),
    NUMBER(OSSL_PKEY_PARAM_PRIV_KEY),
    MP_KEYMGMT_OWN_PARAMS,
    OSSL_PARAM_END,
};

static const OSSL_PARAM *ec_keymgmt_gettable_params(void *provctx)
{
    (void)provctx;
    return gettable;
}

/* The default provider changes these and no others. */
static const OSSL_PARAM settable[] = {
    SIGNED(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH),
    OCTETS(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
    TEXT(OSSL_PKEY_PARAM_EC_ENCODING),
    TEXT(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT),
    OCTETS(OSSL_PKEY_PARAM_EC_SEED),
    SIGNED(OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC),
    TEXT(OSSL_PKEY_PARAM_EC_GROUP_CHECK_TYPE),
    OSSL_PARAM_END,
};

static const OSSL_PARAM *ec_keymgmt_settable_params(void *provctx)
{
    (void)provctx;
    return settable;
}

/* How a key of the HSM is written down may change; which key it is may not. */
static int changes_identity(const OSSL_PARAM params[])
{
    return OSSL_PARAM_locate_const(params,
                                   OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY) != NULL;
}

static int ec_keymgmt_set_params(void *keydata, const OSSL_PARAM params[])
{
    struct mp_key *key = keydata;
    struct mp_mark mark;
    OSSL_PARAM *copy = NULL;
    int ok;

    if (key == NULL)
        return 0;
    if (params == NULL || params[0].key == NULL)
        return 1;
    if (key->hsm != NULL && changes_identity(params)) {
        mp_raise(key->prov, MP_R_READ_ONLY,
                 "the public key of %s is the HSM's and cannot be replaced",
                 mhsm_key_id(key->hsm));
        return 0;
    }
    mp_key_mark_set(key, &mark);
    copy = OSSL_PARAM_dup(params);
    ok = copy != NULL && key->pkey != NULL &&
         EVP_PKEY_set_params(key->pkey, copy) == 1;
    OSSL_PARAM_free(copy);
    if (!mp_mark_end(key->prov, &mark, ok, MP_R_PARAMETER,
                     "the key cannot take this parameter"))
        return 0;
    if (changes_identity(params))
        key->has_public = 1;
    return 1;
}

static const char *ec_keymgmt_query_operation_name(int operation_id)
{
    if (operation_id == OSSL_OP_SIGNATURE)
        return "ECDSA";
    /* Another provider's: ours are exported to it. */
    if (operation_id == OSSL_OP_KEYEXCH)
        return "ECDH";
    return NULL;
}

static void *ec_keymgmt_gen_init(void *provctx, int selection,
                                 const OSSL_PARAM params[])
{
    return mp_keymgmt_gen_init_type(provctx, selection, params, MHSM_KEY_EC,
                                    "EC");
}

static const OSSL_PARAM *ec_keymgmt_gen_settable_params(void *genctx,
                                                        void *provctx)
{
    static const OSSL_PARAM for_gen[] = {
        DOMAIN_PARAMS,
        SIGNED(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH),
#ifdef OSSL_PKEY_PARAM_DHKEM_IKM
        OCTETS(OSSL_PKEY_PARAM_DHKEM_IKM),
#endif
        MP_GEN_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)genctx;
    (void)provctx;
    return for_gen;
}

const OSSL_DISPATCH mp_ec_keymgmt[] = {
    ENTRY(KEYMGMT, NEW, ec_keymgmt_new),
    ENTRY(KEYMGMT, LOAD, ec_keymgmt_load),
    ENTRY(KEYMGMT, FREE, mp_keymgmt_free),
    ENTRY(KEYMGMT, DUP, mp_keymgmt_dup),
    ENTRY(KEYMGMT, HAS, mp_keymgmt_has),
    ENTRY(KEYMGMT, MATCH, mp_keymgmt_match),
    ENTRY(KEYMGMT, VALIDATE, mp_keymgmt_validate),
    ENTRY(KEYMGMT, IMPORT, ec_keymgmt_import),
    ENTRY(KEYMGMT, IMPORT_TYPES, ec_keymgmt_import_types),
    ENTRY(KEYMGMT, EXPORT, mp_keymgmt_export),
    ENTRY(KEYMGMT, EXPORT_TYPES, ec_keymgmt_export_types),
    ENTRY(KEYMGMT, GET_PARAMS, mp_keymgmt_get_params),
    ENTRY(KEYMGMT, GETTABLE_PARAMS, ec_keymgmt_gettable_params),
    ENTRY(KEYMGMT, SET_PARAMS, ec_keymgmt_set_params),
    ENTRY(KEYMGMT, SETTABLE_PARAMS, ec_keymgmt_settable_params),
    ENTRY(KEYMGMT, QUERY_OPERATION_NAME, ec_keymgmt_query_operation_name),
    ENTRY(KEYMGMT, GEN_INIT, ec_keymgmt_gen_init),
    ENTRY(KEYMGMT, GEN_SET_TEMPLATE, mp_keymgmt_gen_set_template),
    ENTRY(KEYMGMT, GEN_SET_PARAMS, mp_keymgmt_gen_set_params),
    ENTRY(KEYMGMT, GEN_SETTABLE_PARAMS, ec_keymgmt_gen_settable_params),
    ENTRY(KEYMGMT, GEN, mp_keymgmt_gen),
    ENTRY(KEYMGMT, GEN_CLEANUP, mp_keymgmt_gen_cleanup),
    END,
};
