/* SPDX-License-Identifier: MIT
 *
 * The request for the security domain, with the members in the order that the
 * Azure CLI writes them in, and without the kid that the service does not need.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/base64url.h"
#include "base/result.h"
#include "domain/wrapping.h"

enum { body_max = 256 * 1024, sha1_size = 20 };

/* Standard base64, padded. */
static int add_base64(struct mhsmi_buf *out, const struct mhsmi_buf *der)
{
    int length;

    if (!mhsmi_buf_reserve(out, (der->size + 2) / 3 * 4))
        return 0;
    length = EVP_EncodeBlock(out->data + out->size, der->data, (int)der->size);
    out->size += (size_t)length;
    return 1;
}

static int add_jwk(struct mhsmi_buf *out, OSSL_LIB_CTX *lib,
                   const mhsm_wrapping_certificate *certificate)
{
    const struct mhsmi_buf *der = &certificate->der;
    unsigned char x5t[sha1_size];

    return EVP_Q_digest(lib, "SHA1", NULL, der->data, der->size, x5t, NULL) ==
               1 &&
           mhsmi_buf_puts(out, "{\"x5c\": [\"") && add_base64(out, der) &&
           mhsmi_buf_puts(out, "\"], \"x5t\": \"") &&
           mhsmi_base64url_encode(out, x5t, sizeof(x5t)) &&
           mhsmi_buf_printf(out,
                            "\", \"x5t#S256\": \"%s\", \"key_ops\": "
                            "[\"verify\", \"encrypt\", \"wrapKey\"], "
                            "\"kty\": \"RSA\", \"alg\": \"RSA-OAEP-256\", "
                            "\"n\": \"",
                            certificate->thumbprint) &&
           mhsmi_base64url_encode(out, certificate->n.data,
                                  certificate->n.size) &&
           mhsmi_buf_puts(out, "\", \"e\": \"") &&
           mhsmi_base64url_encode(out, certificate->e.data,
                                  certificate->e.size) &&
           mhsmi_buf_puts(out, "\"}");
}

static int write_body(struct mhsmi_buf *out, OSSL_LIB_CTX *lib,
                      const mhsm_wrapping_certificate *const *certificates,
                      size_t count, unsigned int quorum)
{
    int ok = mhsmi_buf_puts(out, "{\"certificates\": [");
    size_t i;

    for (i = 0; ok && i < count; i++)
        ok = (i == 0 || mhsmi_buf_puts(out, ", ")) &&
             add_jwk(out, lib, certificates[i]);
    return ok && mhsmi_buf_printf(out, "], \"required\": %u}", quorum);
}

mhsm_status mhsm_domain_download_request(
    const mhsm_wrapping_certificate *const *certificates, size_t count,
    unsigned int quorum, mhsm_result **body, mhsm_error **err)
{
    struct mhsmi_private_context context = {NULL, NULL};
    mhsm_status st = mhsmi_wrapping_check_set(certificates, count, quorum, err);
    mhsm_result *made = NULL;

    if (st != MHSM_OK)
        return st;
    made = mhsmi_result_new(body_max);
    if (made == NULL)
        return mhsmi_error_memory(err);
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&context, err);
    if (st == MHSM_OK &&
        !write_body(&made->data, context.lib, certificates, count, quorum))
        st = mhsmi_error_memory(err);
    mhsmi_private_context_close(&context);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *body = made;
    else
        mhsm_result_free(made);
    return st;
}
