/* SPDX-License-Identifier: MIT
 *
 * KEYMGMT for AES keys of the HSM, under a name of its own: before OpenSSL 3.5
 * there is no key object for symmetric keys, and the programs that wrap data
 * keys take an EVP_PKEY.  There is no public part, nothing is exported, and no
 * such key is ever made outside the HSM.
 */
#include <stdint.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "keymgmt.h"

FN(keymgmt, aes, new);
FN(keymgmt, aes, load);
FN(keymgmt, aes, dup);
FN(keymgmt, aes, has);
FN(keymgmt, aes, get_params);
FN(keymgmt, aes, gettable_params);
FN(keymgmt, aes, query_operation_name);

static void *aes_keymgmt_new(void *provctx)
{
    return mp_key_new_named(provctx, MHSM_KEY_OCT, MP_AES);
}

static void *aes_keymgmt_load(const void *reference, size_t size)
{
    return mp_keymgmt_load_type(reference, size, MP_AES);
}

static int aes_keymgmt_has(const void *keydata, int selection)
{
    const struct mp_key *key = keydata;

    if (key == NULL || (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0)
        return 0;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ||
           key->hsm != NULL;
}

/* Keys of the HSM never change, so a copy is the key itself. */
static void *aes_keymgmt_dup(const void *keydata, int selection)
{
    struct mp_key *key = (struct mp_key *)(uintptr_t)keydata;

    if (key == NULL || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return mp_key_up_ref(key);
    return aes_keymgmt_new(key->prov);
}

static const OSSL_PARAM *aes_keymgmt_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        MP_KEYMGMT_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)provctx;
    return gettable;
}

/* The service need not tell the size of a key. */
static int aes_keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
    const struct mp_key *key = keydata;
    const struct {
        const char *name;
        unsigned int value;
    } numbers[] = {
        {OSSL_PKEY_PARAM_BITS, key == NULL ? 0 : mhsm_key_bits(key->hsm)},
        {OSSL_PKEY_PARAM_SECURITY_BITS,
         key == NULL ? 0 : mhsm_key_bits(key->hsm)},
        {OSSL_PKEY_PARAM_MAX_SIZE, MP_AES_WRAP_MAX + 8},
    };

    if (key == NULL || key->hsm == NULL || params == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        OSSL_PARAM *param = OSSL_PARAM_locate(params, numbers[i].name);

        if (param != NULL && numbers[i].value != 0 &&
            !OSSL_PARAM_set_uint(param, numbers[i].value))
            return 0;
    }
    return mp_keymgmt_get_own_params(key, params);
}

static const char *aes_keymgmt_query_operation_name(int operation_id)
{
    return operation_id == OSSL_OP_ASYM_CIPHER ? MP_AES : NULL;
}

const OSSL_DISPATCH mp_aes_keymgmt[] = {
    ENTRY(KEYMGMT, NEW, aes_keymgmt_new),
    ENTRY(KEYMGMT, LOAD, aes_keymgmt_load),
    ENTRY(KEYMGMT, FREE, mp_keymgmt_free),
    ENTRY(KEYMGMT, DUP, aes_keymgmt_dup),
    ENTRY(KEYMGMT, HAS, aes_keymgmt_has),
    ENTRY(KEYMGMT, MATCH, mp_keymgmt_match),
    ENTRY(KEYMGMT, GET_PARAMS, aes_keymgmt_get_params),
    ENTRY(KEYMGMT, GETTABLE_PARAMS, aes_keymgmt_gettable_params),
    ENTRY(KEYMGMT, QUERY_OPERATION_NAME, aes_keymgmt_query_operation_name),
    END,
};
