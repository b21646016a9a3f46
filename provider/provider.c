/* SPDX-License-Identifier: MIT
 *
 * The module's entry: OSSL_provider_init reads the options and makes a client,
 * and does nothing else: no thread, no connection, no token, because
 * openssl.cnf may load us into programs that never use a key.
 */
#include "prov.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "alg.h"
#include "async.h"
#include "cache.h"
#include "dispatch.h"
#include "err.h"
#include "local.h"

FN(provider, mhsm, teardown);
FN(provider, mhsm, gettable_params);
FN(provider, mhsm, get_params);
FN(provider, mhsm, self_test);

/* The one name that the module exports. */
MHSM_API OSSL_provider_init_fn OSSL_provider_init;

static const OSSL_PARAM *mhsm_provider_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
        OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return gettable;
}

static int mhsm_provider_get_params(void *provctx, OSSL_PARAM params[])
{
    static const struct {
        const char *key, *value;
    } texts[] = {
        {OSSL_PROV_PARAM_NAME, "Azure Managed HSM Provider"},
        {OSSL_PROV_PARAM_VERSION, MHSM_VERSION},
        {OSSL_PROV_PARAM_BUILDINFO, MHSM_VERSION},
    };
    const struct mp_prov *prov = provctx;
    OSSL_PARAM *param;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        param = OSSL_PARAM_locate(params, texts[i].key);
        if (param != NULL && !OSSL_PARAM_set_utf8_ptr(param, texts[i].value))
            return 0;
    }
    param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return param == NULL || OSSL_PARAM_set_int(param, prov->failure == NULL);
}

static int mhsm_provider_self_test(void *provctx)
{
    struct mp_prov *prov = provctx;
    EVP_MD *sha256 = mp_local_digest(prov, "SHA256", NULL);
    const char *wrong;
    struct mp_mark mark;

    if (sha256 == NULL)
        return 0;
    mp_mark_set(&mark);
    wrong = mp_self_test(prov, sha256);
    mp_mark_drop(&mark);
    EVP_MD_free(sha256);
    if (wrong != NULL)
        mp_raise(prov, MP_R_SELF_TEST,
                 "the known answer is not what it should be: %s", wrong);
    return wrong == NULL;
}

static void mhsm_provider_teardown(void *provctx)
{
    struct mp_prov *prov = provctx;

    if (prov == NULL)
        return;
    mhsm_client_free(prov->client);
    OPENSSL_free(prov->failure);
    mp_algorithms_free(prov);
    mp_cache_free(prov);
    mp_local_free(prov);
    OPENSSL_free(prov);
}

static const OSSL_DISPATCH dispatch[] = {
    ENTRY(PROVIDER, TEARDOWN, mhsm_provider_teardown),
    ENTRY(PROVIDER, GETTABLE_PARAMS, mhsm_provider_gettable_params),
    ENTRY(PROVIDER, GET_PARAMS, mhsm_provider_get_params),
    ENTRY(PROVIDER, QUERY_OPERATION, mp_provider_query_operation),
    ENTRY(PROVIDER, GET_REASON_STRINGS, mp_provider_get_reason_strings),
    ENTRY(PROVIDER, GET_CAPABILITIES, mp_provider_get_capabilities),
    ENTRY(PROVIDER, SELF_TEST, mhsm_provider_self_test),
    END,
};

static void take_core(struct mp_prov *prov, const OSSL_DISPATCH *in)
{
    for (; in->function_id != 0; in++) {
        switch (in->function_id) {
        case OSSL_FUNC_CORE_GET_PARAMS:
            prov->get_params = OSSL_FUNC_core_get_params(in);
            break;
        case OSSL_FUNC_CORE_NEW_ERROR:
            prov->new_error = OSSL_FUNC_core_new_error(in);
            break;
        case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
            prov->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
            break;
        case OSSL_FUNC_CORE_VSET_ERROR:
            prov->vset_error = OSSL_FUNC_core_vset_error(in);
            break;
        case OSSL_FUNC_BIO_READ_EX:
            prov->bio_read_ex = OSSL_FUNC_BIO_read_ex(in);
            break;
        case OSSL_FUNC_BIO_WRITE_EX:
            prov->bio_write_ex = OSSL_FUNC_BIO_write_ex(in);
            break;
        case OSSL_FUNC_BIO_GETS:
            prov->bio_gets = OSSL_FUNC_BIO_gets(in);
            break;
        case OSSL_FUNC_BIO_CTRL:
            prov->bio_ctrl = OSSL_FUNC_BIO_ctrl(in);
            break;
        case OSSL_FUNC_PROVIDER_REGISTER_CHILD_CB:
            prov->subscribe = OSSL_FUNC_provider_register_child_cb(in);
            break;
        case OSSL_FUNC_PROVIDER_DEREGISTER_CHILD_CB:
            prov->unsubscribe = OSSL_FUNC_provider_deregister_child_cb(in);
            break;
        case OSSL_FUNC_PROVIDER_NAME:
            prov->provider_name = OSSL_FUNC_provider_name(in);
            break;
        default:
            break;
        }
    }
}

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provctx)
{
    struct mp_prov *prov = OPENSSL_zalloc(sizeof(*prov));

    if (prov == NULL)
        return 0;
    prov->handle = handle;
    atomic_init(&prov->local, NULL);
    take_core(prov, in);
    mp_async_install();
    if (!mp_prov_configure(prov)) {
        mhsm_provider_teardown(prov);
        return 0;
    }
    *out = dispatch;
    *provctx = prov;
    return 1;
}
