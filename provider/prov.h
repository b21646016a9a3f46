/* SPDX-License-Identifier: MIT
 *
 * The provider's context: one for each library context that loads the module.
 * Immutable after OSSL_provider_init, but for the lazily made private library
 * context, and so shared by all threads without a lock.
 */
#ifndef MP_PROV_H
#define MP_PROV_H

#include <stdatomic.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include <mhsm/mhsm.h>

#define MP_PROPERTIES "provider=mhsm"

/* What a key of the HSM says about itself beside OpenSSL's own parameters. */
#define MP_PKEY_PARAM_URI     "mhsm-uri"     /* utf8: canonical, with version */
#define MP_PKEY_PARAM_KEY_ID  "mhsm-key-id"  /* utf8: the service's kid */
#define MP_PKEY_PARAM_VERSION "mhsm-version" /* utf8 */
#define MP_PKEY_PARAM_KTY     "mhsm-kty"     /* utf8: "RSA-HSM", "EC-HSM" */
#define MP_PKEY_PARAM_KEY_OPS "mhsm-key-ops" /* utf8: "sign,verify" */

struct mp_local;

struct mp_prov {
    const OSSL_CORE_HANDLE *handle;
    OSSL_FUNC_core_get_params_fn *get_params;
    OSSL_FUNC_core_new_error_fn *new_error;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
    OSSL_FUNC_core_vset_error_fn *vset_error;
    OSSL_FUNC_BIO_read_ex_fn *bio_read_ex;
    OSSL_FUNC_BIO_write_ex_fn *bio_write_ex;
    OSSL_FUNC_BIO_gets_fn *bio_gets;
    OSSL_FUNC_BIO_ctrl_fn *bio_ctrl;
    mhsm_client *client; /* NULL when `failure` says why */
    char *failure;
    int pkcs1_decryption;             /* option of that name */
    _Atomic(struct mp_local *) local; /* see local.h; NULL until first used */
};

/* algorithms.c */
OSSL_FUNC_provider_query_operation_fn mp_provider_query_operation;
/* tls.c */
OSSL_FUNC_provider_get_capabilities_fn mp_provider_get_capabilities;

#endif
