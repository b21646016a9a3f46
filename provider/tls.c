/* SPDX-License-Identifier: MIT
 *
 * TLS capabilities.  libssl of OpenSSL 3.0 offers a group only when the
 * provider that advertises it is the one whose key management makes its keys.
 * When this provider comes first, EC keys are made here, so the EC groups have
 * to be advertised here too, or P-256, P-384 and P-521 are gone from the whole
 * process.  They are what the default provider says they are.  Must never
 * advertise a group whose keys are made elsewhere.
 */
#include "prov.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "err.h"
#include "local.h"

struct filter {
    OSSL_CALLBACK *callback;
    void *arg;
};

static int pass_ec_groups(const OSSL_PARAM params[], void *arg)
{
    const struct filter *filter = arg;
    const OSSL_PARAM *param =
        OSSL_PARAM_locate_const(params, OSSL_CAPABILITY_TLS_GROUP_ALG);

    if (param == NULL || param->data_type != OSSL_PARAM_UTF8_STRING ||
        param->data == NULL || strcmp(param->data, "EC") != 0)
        return 1;
    return filter->callback(params, filter->arg);
}

int mp_provider_get_capabilities(void *provctx, const char *capability,
                                 OSSL_CALLBACK *callback, void *arg)
{
    struct mp_prov *prov = provctx;
    struct filter filter = {callback, arg};
    OSSL_PROVIDER *provider;
    struct mp_mark mark;
    int ok;

    if (OPENSSL_strcasecmp(capability, "TLS-GROUP") != 0)
        return 0;
    mp_mark_set(&mark);
    provider = mp_local_provider(prov);
    ok = provider != NULL &&
         OSSL_PROVIDER_get_capabilities(provider, capability, pass_ec_groups,
                                        &filter) == 1;
    mp_mark_drop(&mark);
    return ok;
}
