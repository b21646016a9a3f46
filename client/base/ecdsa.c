/* SPDX-License-Identifier: MIT
 *
 * ECDSA signatures between JOSE's form and X9.62's.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/ecdsa.h"

int mhsmi_ecdsa_to_der(struct mhsmi_buf *out, const unsigned char *raw,
                       size_t size)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(size / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw + size / 2, (int)(size / 2), NULL);
    unsigned char *der = NULL;
    int length, ok = 0;

    if (signature == NULL || r == NULL || s == NULL || size % 2 != 0 ||
        !ECDSA_SIG_set0(signature, r, s))
        goto out;
    r = s = NULL;
    length = i2d_ECDSA_SIG(signature, &der);
    ok = length > 0 && mhsmi_buf_append(out, der, (size_t)length);

out:
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
    BN_free(r);
    BN_free(s);
    return ok;
}

int mhsmi_ecdsa_from_der(struct mhsmi_buf *out, const unsigned char *der,
                         size_t size, size_t coordinate)
{
    unsigned char raw[2 * 66], *again = NULL;
    const unsigned char *at = der;
    ECDSA_SIG *signature;
    int ok = 0;

    if (size > 1024 || coordinate > sizeof(raw) / 2)
        return 0;
    signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
    /* Only one encoding is valid: the one that encoding it again gives. */
    if (signature != NULL && at == der + size &&
        i2d_ECDSA_SIG(signature, &again) == (int)size &&
        memcmp(again, der, size) == 0 &&
        !BN_is_negative(ECDSA_SIG_get0_r(signature)) &&
        !BN_is_negative(ECDSA_SIG_get0_s(signature)) &&
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, (int)coordinate) >= 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + coordinate,
                     (int)coordinate) >= 0)
        ok = mhsmi_buf_append(out, raw, 2 * coordinate);
    OPENSSL_free(again);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return ok;
}
