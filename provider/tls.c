/* SPDX-License-Identifier: MIT
 *
 * TLS capabilities.  libssl of OpenSSL 3.0 offers a group only when the
 * provider that advertises it is the one whose key management makes its keys.
 * When this provider comes first, EC keys are made here, so the EC groups have
 * to be advertised here too, or P-256, P-384 and P-521 are gone from the whole
 * process.  OpenSSL 3.5 has the same rule for the signature algorithms that
 * libssl does not know by itself, and so for ML-DSA.  They are what the default
 * provider says they are.  Must never advertise anything whose keys are made
 * elsewhere.
 */
#include "prov.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "err.h"
#include "local.h"
#include "mldsa.h"

/* What default answers of a capability, and which of it is ours too. */
struct filter {
    int (*passes)(const OSSL_PARAM params[]);
    OSSL_CALLBACK *callback;
    void *arg;
};

static const char *text(const OSSL_PARAM params[], const char *key)
{
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, key);

    return param != NULL && param->data_type == OSSL_PARAM_UTF8_STRING &&
                   param->data != NULL
               ? param->data
               : "";
}

static int is_ec_group(const OSSL_PARAM params[])
{
    return strcmp(text(params, OSSL_CAPABILITY_TLS_GROUP_ALG), "EC") == 0;
}

#ifdef MP_ML_DSA
static int is_ml_dsa(const OSSL_PARAM params[])
{
    return mhsm_parameter_set_find(
               text(params, OSSL_CAPABILITY_TLS_SIGALG_NAME)) != NULL;
}
#endif

static const struct {
    const char *name;
    int (*passes)(const OSSL_PARAM params[]);
} capabilities[] = {
    {"TLS-GROUP", is_ec_group},
#ifdef MP_ML_DSA
    {"TLS-SIGALG", is_ml_dsa},
#endif
};

static int pass(const OSSL_PARAM params[], void *arg)
{
    const struct filter *filter = arg;

    return !filter->passes(params) || filter->callback(params, filter->arg);
}

int mp_provider_get_capabilities(void *provctx, const char *capability,
                                 OSSL_CALLBACK *callback, void *arg)
{
    struct mp_prov *prov = provctx;
    struct filter filter = {NULL, callback, arg};
    OSSL_PROVIDER *provider;
    struct mp_mark mark;
    int ok;

    for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
        if (OPENSSL_strcasecmp(capability, capabilities[i].name) == 0)
            filter.passes = capabilities[i].passes;
    if (filter.passes == NULL)
        return 0;
    mp_mark_set(&mark);
    provider = mp_local_provider(prov);
    ok = provider != NULL && OSSL_PROVIDER_get_capabilities(
                                 provider, capability, pass, &filter) == 1;
    mp_mark_drop(&mark);
    return ok;
}
