/* SPDX-License-Identifier: MIT
 *
 * Key management for all key types.  Everything is answered from the local
 * part of the key, by the default provider's own code; only what must not
 * leave the HSM is decided here.  libcrypto asks for the private part of a key
 * before each private operation, to see whether another provider could do it:
 * the answer no is not an error and leaves no trace.  Must never make a
 * request.
 */
#include "keymgmt.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "err.h"
#include "local.h"

#define SELECT_KNOWN OSSL_KEYMGMT_SELECT_ALL

void mp_keymgmt_free(void *keydata)
{
    mp_key_free(keydata);
}

struct mp_key *mp_keymgmt_load_type(const void *reference, size_t size,
                                    const char *name)
{
    struct mp_key *key;

    if (reference == NULL || size != sizeof(key))
        return NULL;
    memcpy(&key, reference, sizeof(key));
    if (key == NULL || strcmp(key->name, name) != 0)
        return NULL;
    return mp_key_up_ref(key);
}

int mp_keymgmt_has(const void *keydata, int selection)
{
    const struct mp_key *key = keydata;

    if (key == NULL)
        return 0;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && !key->has_private)
        return 0;
    if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 && !key->has_public)
        return 0;
    /* Only EC has domain parameters: asking others is asking for nothing. */
    if ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) != 0 &&
        key->type == MHSM_KEY_EC && key->pkey == NULL)
        return 0;
    return 1;
}

static int same_hsm_key(const struct mp_key *a, const struct mp_key *b)
{
    return a->hsm != NULL && b->hsm != NULL &&
           strcmp(mhsm_key_id(a->hsm), mhsm_key_id(b->hsm)) == 0;
}

int mp_keymgmt_match(const void *keydata1, const void *keydata2, int selection)
{
    const struct mp_key *a = keydata1, *b = keydata2;
    struct mp_mark mark;
    int same;

    if (a == NULL || b == NULL || strcmp(a->name, b->name) != 0)
        return 0;
    if (a == b || same_hsm_key(a, b))
        return 1;
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0 &&
        ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) == 0 ||
         a->type != MHSM_KEY_EC))
        return 1;
    if (a->pkey == NULL || b->pkey == NULL)
        return 0;
    mp_mark_set(&mark);
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0)
        same = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
    else
        same = EVP_PKEY_parameters_eq(a->pkey, b->pkey) == 1;
    mp_mark_drop(&mark);
    return same;
}

/* What is to be validated, from the most to the least. */
static int validate_pkey(EVP_PKEY_CTX *ctx, int selection, int quick)
{
    int keypair = selection & OSSL_KEYMGMT_SELECT_KEYPAIR;
    int ok = 1;

    if (keypair == OSSL_KEYMGMT_SELECT_KEYPAIR)
        return EVP_PKEY_check(ctx) == 1;
    if ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) != 0)
        ok = quick ? EVP_PKEY_param_check_quick(ctx) == 1
                   : EVP_PKEY_param_check(ctx) == 1;
    if (ok && keypair == OSSL_KEYMGMT_SELECT_PUBLIC_KEY)
        ok = quick ? EVP_PKEY_public_check_quick(ctx) == 1
                   : EVP_PKEY_public_check(ctx) == 1;
    if (ok && keypair == OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
        ok = EVP_PKEY_private_check(ctx) == 1;
    return ok;
}

int mp_keymgmt_validate(const void *keydata, int selection, int checktype)
{
    const struct mp_key *key = keydata;
    EVP_PKEY_CTX *ctx = NULL;
    struct mp_mark mark;
    int ok;

    if (key == NULL)
        return 0;
    /* The private part is the HSM's to vouch for. */
    if (key->hsm != NULL)
        selection &= ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
    if (key->type != MHSM_KEY_EC)
        selection &= OSSL_KEYMGMT_SELECT_KEYPAIR;
    if ((selection & SELECT_KNOWN) == 0)
        return 1;
    mp_key_mark_set(key, &mark);
    ctx = mp_local_ctx(key->prov, key->pkey);
    ok = ctx != NULL &&
         validate_pkey(ctx, selection,
                       checktype == OSSL_KEYMGMT_VALIDATE_QUICK_CHECK);
    EVP_PKEY_CTX_free(ctx);
    return mp_mark_end(key->prov, &mark, ok, MP_R_PUBLIC_KEY,
                       "the key does not pass its check");
}

int mp_keymgmt_import_type(void *keydata, int selection,
                           const OSSL_PARAM params[], const char *public_name,
                           const char *private_name)
{
    struct mp_key *key = keydata;
    struct mp_mark mark;
    EVP_PKEY *pkey;

    if (key == NULL || key->pkey != NULL || params == NULL)
        return 0;
    mp_mark_set_keep(&mark);
    pkey = mp_local_import(key->prov, key->name, selection, params);
    if (pkey == NULL) {
        mp_raise_local(key->prov, &mark, MP_R_LOCAL, "cannot import the key");
        return 0;
    }
    mp_mark_drop(&mark);
    key->pkey = pkey;
    /* libcrypto says "with the private part" of plain public keys too
     * (openssl #21596), so what came decides, not what was announced. */
    key->has_public = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 &&
                      OSSL_PARAM_locate_const(params, public_name) != NULL;
    key->has_private = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 &&
                       OSSL_PARAM_locate_const(params, private_name) != NULL;
    return 1;
}

int mp_keymgmt_export(void *keydata, int selection, OSSL_CALLBACK *callback,
                      void *arg)
{
    struct mp_key *key = keydata;
    struct mp_mark mark;
    int ok;

    if (key == NULL || (key->hsm != NULL &&
                        (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0))
        return 0;
    if ((selection & SELECT_KNOWN) == 0)
        return 1;
    if (key->pkey == NULL)
        return 0;
    /* A quiet no, for libcrypto asks on its own account. */
    if (key->hsm != NULL && !mp_prov_says(key->prov, "allow-export", 1))
        return 0;
    mp_mark_set(&mark);
    ok = EVP_PKEY_export(key->pkey, selection, callback, arg) == 1;
    mp_mark_drop(&mark);
    return ok;
}

void *mp_keymgmt_dup(const void *keydata, int selection)
{
    const struct mp_key *key = keydata;
    struct mp_key *copy = NULL;
    struct mp_mark mark;
    int whole = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;

    if (key == NULL)
        return NULL;
    /* There are no parameters alone; as the default provider has it. */
    if (key->type == MHSM_KEY_RSA &&
        (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return NULL;
    copy = mp_key_new_named(key->prov, key->type, key->name);
    if (copy == NULL)
        return NULL;
    if (key->pkey == NULL)
        return copy;
    if (key->type != MHSM_KEY_EC &&
        (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return copy;
    mp_key_mark_set(key, &mark);
    /* A private part is copied whole and within OpenSSL, never through
     * buffers of ours.  The copy of a key of the HSM is that key. */
    copy->pkey =
        whole
            ? EVP_PKEY_dup(key->pkey)
            : mp_local_copy(key->prov, key->name, key->pkey,
                            selection | OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS);
    if (copy->pkey == NULL) {
        mp_raise_local(key->prov, &mark, MP_R_LOCAL, "cannot copy the key");
        mp_key_free(copy);
        return NULL;
    }
    mp_mark_drop(&mark);
    copy->has_public =
        key->has_public &&
        (whole || (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0);
    copy->has_private = key->has_private && whole;
    if (whole && key->hsm != NULL) {
        copy->hsm = mhsm_key_up_ref(key->hsm);
        memcpy(copy->reject_secret, key->reject_secret,
               sizeof(copy->reject_secret));
    }
    return copy;
}

int mp_keymgmt_get_own_params(const struct mp_key *key, OSSL_PARAM params[])
{
    const struct {
        const char *name, *value;
    } own[] = {
        {MP_PKEY_PARAM_URI, mhsm_key_uri(key->hsm)},
        {MP_PKEY_PARAM_KEY_ID, mhsm_key_id(key->hsm)},
        {MP_PKEY_PARAM_VERSION, mhsm_key_version(key->hsm)},
        {MP_PKEY_PARAM_KTY, mhsm_key_type_name(key->type)},
        /* A key for PSS alone may be for one digest alone, and says so. */
        {OSSL_PKEY_PARAM_DEFAULT_DIGEST, key->pkey == NULL || mp_key_is_pss(key)
                                             ? NULL
                                             : mp_key_default_digest(key)},
    };
    char operations[128];
    OSSL_PARAM *param;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        param = OSSL_PARAM_locate(params, own[i].name);
        if (param != NULL && own[i].value != NULL &&
            !OSSL_PARAM_set_utf8_string(param, own[i].value))
            return 0;
    }
    mp_key_ops_text(mhsm_key_operations(key->hsm), operations,
                    sizeof(operations));
    param = OSSL_PARAM_locate(params, MP_PKEY_PARAM_KEY_OPS);
    return param == NULL || OSSL_PARAM_set_utf8_string(param, operations);
}

int mp_keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
    struct mp_key *key = keydata;
    struct mp_mark mark;
    int ok;

    if (key == NULL || params == NULL)
        return 0;
    if (key->pkey == NULL)
        return 1;
    mp_mark_set(&mark);
    ok = EVP_PKEY_get_params(key->pkey, params) == 1 &&
         (key->hsm == NULL || mp_keymgmt_get_own_params(key, params));
    mp_mark_drop(&mark);
    return ok;
}
