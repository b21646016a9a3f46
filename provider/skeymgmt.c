/* SPDX-License-Identifier: MIT
 *
 * SKEYMGMT (OpenSSL 3.5): AES keys of the HSM as EVP_SKEYs.  One is imported by
 * its URI, which is one request, or made in the HSM by its name.  There are no
 * software keys of this name, and no octets of any key ever come out.
 */
#include "cipher.h"

#ifdef OSSL_OP_SKEYMGMT

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "err.h"
#include "keymgmt_gen.h"
#include "params.h"

enum { URI_SIZE = 512 };

static void aes_skeymgmt_free(void *keydata)
{
    mp_key_free(keydata);
}

static struct mp_key *get(struct mp_prov *prov, const char *uri)
{
    struct mp_key *key = mp_prov_usable(prov) ? mp_key_get(prov, uri) : NULL;

    if (key == NULL || key->type == MHSM_KEY_OCT)
        return key;
    mp_raise(prov, MP_R_KEY_TYPE, "key %s is no AES key",
             mhsm_key_id(key->hsm));
    mp_key_free(key);
    return NULL;
}

static void *aes_skeymgmt_import(void *provctx, int selection,
                                 const OSSL_PARAM params[])
{
    struct mp_prov *prov = provctx;
    const OSSL_PARAM *param =
        OSSL_PARAM_locate_const(params, MP_PKEY_PARAM_URI);
    char uri[URI_SIZE];

    (void)selection;
    if (param != NULL && mp_param_text(param, uri, sizeof(uri)))
        return get(prov, uri);
    mp_raise(prov, MP_R_PARAMETER,
             "an AES key of the HSM is imported by its URI, in the parameter "
             "%s; octets of a key do not go into it here",
             MP_PKEY_PARAM_URI);
    return NULL;
}

static const OSSL_PARAM *aes_skeymgmt_imp_settable_params(void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string(MP_PKEY_PARAM_URI, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return settable;
}

/* Quiet: libcrypto asks whether another provider might have it. */
static int aes_skeymgmt_export(void *keydata, int selection,
                               OSSL_CALLBACK *callback, void *arg)
{
    OSSL_PARAM none = OSSL_PARAM_END;

    if (keydata == NULL || (selection & OSSL_SKEYMGMT_SELECT_SECRET_KEY) != 0)
        return 0;
    return callback(&none, arg);
}

static void *aes_skeymgmt_generate(void *provctx, const OSSL_PARAM params[])
{
    struct mp_prov *prov = provctx;
    struct mp_wish *wish = mp_wish_new(prov, MHSM_KEY_OCT, MP_AES);
    struct mp_key *key = NULL;

    if (wish == NULL)
        return NULL;
    if (!mp_wish_set(wish, params))
        goto out;
    if (mp_wish_is_made(wish))
        key = mp_wish_make(wish);
    else
        mp_raise(prov, MP_R_PARAMETER,
                 "an AES key is made in the HSM by its name, in the parameter "
                 "%s",
                 MP_GEN_PARAM_KEY);
out:
    mp_wish_free(wish);
    return key;
}

static const OSSL_PARAM *aes_skeymgmt_gen_settable_params(void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_size_t(OSSL_SKEY_PARAM_KEY_LENGTH, NULL),
        MP_GEN_OWN_PARAMS,
        OSSL_PARAM_END,
    };

    (void)provctx;
    return settable;
}

static const char *aes_skeymgmt_get_key_id(void *keydata)
{
    const struct mp_key *key = keydata;

    return key == NULL ? NULL : mhsm_key_uri(key->hsm);
}

const OSSL_DISPATCH mp_aes_skeymgmt[] = {
    ENTRY(SKEYMGMT, FREE, aes_skeymgmt_free),
    ENTRY(SKEYMGMT, IMPORT, aes_skeymgmt_import),
    ENTRY(SKEYMGMT, IMP_SETTABLE_PARAMS, aes_skeymgmt_imp_settable_params),
    ENTRY(SKEYMGMT, EXPORT, aes_skeymgmt_export),
    ENTRY(SKEYMGMT, GENERATE, aes_skeymgmt_generate),
    ENTRY(SKEYMGMT, GEN_SETTABLE_PARAMS, aes_skeymgmt_gen_settable_params),
    ENTRY(SKEYMGMT, GET_KEY_ID, aes_skeymgmt_get_key_id),
    END,
};

#else

/* A translation unit must declare something. */
typedef int mp_no_symmetric_keys;

#endif
