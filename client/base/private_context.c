/* SPDX-License-Identifier: MIT
 *
 * Opening and closing a context apart.
 */
#include "base/private_context.h"

mhsm_status mhsmi_private_context_open(struct mhsmi_private_context *context,
                                       mhsm_error **err)
{
    context->lib = OSSL_LIB_CTX_new();
    context->provider = context->lib != NULL
                            ? OSSL_PROVIDER_load(context->lib, "default")
                            : NULL;
    if (context->provider != NULL)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_INTERNAL,
                       "cannot load OpenSSL's default provider");
}

void mhsmi_private_context_close(struct mhsmi_private_context *context)
{
    if (context->provider != NULL)
        (void)OSSL_PROVIDER_unload(context->provider);
    OSSL_LIB_CTX_free(context->lib);
    context->provider = NULL;
    context->lib = NULL;
}
