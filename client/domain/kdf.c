/* SPDX-License-Identifier: MIT
 *
 * SP 800-108 by OpenSSL's KBKDF, whose defaults are a 32-bit counter, a zero
 * octet between label and context, and the length in bits at the end.
 */
#include "domain/kdf.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* OpenSSL's tables are not const. */
static OSSL_PARAM text_param(const char *name, const char *value)
{
    union {
        const char *given;
        char *taken;
    } text = {value};

    return OSSL_PARAM_construct_utf8_string(name, text.taken, 0);
}

static OSSL_PARAM octets_param(const char *name, const void *value, size_t size)
{
    union {
        const void *given;
        void *taken;
    } octets = {value};

    return OSSL_PARAM_construct_octet_string(name, octets.taken, size);
}

mhsm_status mhsmi_kdf_sp800_108(OSSL_LIB_CTX *lib, const unsigned char *key,
                                size_t key_size, const char *label,
                                const char *context, unsigned char *out,
                                size_t size, mhsm_error **err)
{
    EVP_KDF *kdf = EVP_KDF_fetch(lib, OSSL_KDF_NAME_KBKDF, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        text_param(OSSL_KDF_PARAM_MODE, "counter"),
        text_param(OSSL_KDF_PARAM_MAC, OSSL_MAC_NAME_HMAC),
        text_param(OSSL_KDF_PARAM_DIGEST, "SHA512"),
        octets_param(OSSL_KDF_PARAM_KEY, key, key_size),
        octets_param(OSSL_KDF_PARAM_SALT, label, strlen(label)),
        octets_param(OSSL_KDF_PARAM_INFO, context, strlen(context)),
        OSSL_PARAM_construct_end(),
    };
    int ok = ctx != NULL && EVP_KDF_derive(ctx, out, size, params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok ? MHSM_OK
              : mhsmi_error(err, MHSM_ERR_INTERNAL,
                            "OpenSSL cannot derive a key");
}
