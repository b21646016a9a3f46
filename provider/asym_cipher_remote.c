/* SPDX-License-Identifier: MIT
 *
 * Decrypting in the HSM: what it can decrypt, and the one request, to
 * `decrypt` or, for a key that may only unwrap (a customer-managed key and the
 * role for it), to `unwrapkey`, which is the same mathematics.  Must never let
 * the caller see whether a PKCS#1 v1.5 padding was right.
 */
#include "asym_cipher.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "alg.h"
#include "err.h"
#include "local.h"
#include "pkcs1_reject.h"

/* The largest key: 16384 bits. */
#define MODULUS_MAX 2048

static int is_pkcs1(const struct mp_cipher *ctx)
{
    return ctx->set.pad == RSA_PKCS1_PADDING ||
           ctx->set.pad == RSA_PKCS1_WITH_TLS_PADDING;
}

static int check_pkcs1(const struct mp_cipher *ctx)
{
    if (!is_pkcs1(ctx) || ctx->prov->pkcs1_decryption)
        return 1;
    mp_raise(ctx->prov, MP_R_PKCS1_DISABLED,
             "decryption with padding %s is off; use OAEP "
             "(rsa_padding_mode:oaep), or set pkcs1-decryption = yes",
             mp_pad_mode_name(ctx->set.pad));
    return 0;
}

/* NULL when the digest cannot be had. */
static EVP_MD *oaep_digest(const struct mp_cipher *ctx)
{
    if (ctx->set.oaep == NULL)
        return mp_local_digest(ctx->prov, "SHA1", NULL);
    return EVP_MD_up_ref(ctx->set.oaep) ? ctx->set.oaep : NULL;
}

static const mhsm_algorithm *oaep_algorithm(const struct mp_cipher *ctx,
                                            unsigned int operation)
{
    EVP_MD *md = oaep_digest(ctx);
    const mhsm_algorithm *row;

    if (md == NULL)
        return NULL;
    row = mp_alg_decrypt(operation, MHSM_PADDING_OAEP, md);
    if (row == NULL)
        mp_raise(ctx->prov, MP_R_DIGEST,
                 "the HSM decrypts OAEP with SHA1 or SHA2-256, not with %s",
                 EVP_MD_get0_name(md));
    EVP_MD_free(md);
    return row;
}

/* Settings may come in any order: MGF1 is compared when decrypting. */
static int check_mgf1(const struct mp_cipher *ctx)
{
    const char *oaep =
        ctx->set.oaep == NULL ? "SHA1" : EVP_MD_get0_name(ctx->set.oaep);

    if (ctx->set.pad != RSA_PKCS1_OAEP_PADDING || ctx->set.mgf1 == NULL ||
        EVP_MD_is_a(ctx->set.mgf1, oaep))
        return 1;
    mp_raise(ctx->prov, MP_R_MGF1,
             "the HSM decrypts OAEP with the same digest in MGF1 (%s), not "
             "with %s",
             oaep, EVP_MD_get0_name(ctx->set.mgf1));
    return 0;
}

static int check_oaep(const struct mp_cipher *ctx)
{
    if (ctx->set.pad != RSA_PKCS1_OAEP_PADDING)
        return 1;
    if (ctx->set.label_size != 0) {
        mp_raise(ctx->prov, MP_R_LABEL,
                 "the HSM decrypts OAEP without a label only");
        return 0;
    }
    return oaep_algorithm(ctx, MHSM_OP_DECRYPT) != NULL;
}

int mp_cipher_remote_check(const struct mp_cipher *ctx)
{
    if (ctx->operation != MP_CIPHER_DECRYPT || ctx->key == NULL ||
        ctx->key->hsm == NULL)
        return 1;
    if (!is_pkcs1(ctx) && ctx->set.pad != RSA_PKCS1_OAEP_PADDING) {
        mp_raise(ctx->prov, MP_R_PADDING,
                 "the HSM decrypts with padding oaep, not with %s",
                 mp_pad_mode_name(ctx->set.pad));
        return 0;
    }
    return check_oaep(ctx);
}

/* One request.  The result is NULL when the HSM refused the ciphertext and
 * `refusal_is_result`; every other failure raises one error and gives 0. */
static int request(const struct mp_cipher *ctx, const unsigned char *in,
                   size_t inlen, int refusal_is_result, mhsm_result **result)
{
    int unwrap = (mhsm_key_operations(ctx->key->hsm) & MHSM_OP_DECRYPT) == 0;
    unsigned int operation = unwrap ? MHSM_OP_UNWRAP : MHSM_OP_DECRYPT;
    const mhsm_algorithm *row;
    mhsm_error *err = NULL;
    mhsm_status status;

    if (!mp_key_require(ctx->key, MHSM_OP_DECRYPT | MHSM_OP_UNWRAP, "decrypt"))
        return 0;
    if (is_pkcs1(ctx))
        row = mp_alg_decrypt(operation, MHSM_PADDING_PKCS1, NULL);
    else
        row = oaep_algorithm(ctx, operation);
    if (row == NULL)
        return 0;
    if (unwrap)
        status = mhsm_unwrap(ctx->prov->client, ctx->key->hsm, row->name, in,
                             inlen, result, &err);
    else
        status = mhsm_decrypt(ctx->prov->client, ctx->key->hsm, row->name, in,
                              inlen, NULL, result, &err);
    if (status == MHSM_OK)
        return 1;
    if (refusal_is_result &&
        (status == MHSM_ERR_REJECTED || status == MHSM_ERR_DAMAGED)) {
        mhsm_error_free(&err);
        return 1;
    }
    mp_raise_client(ctx->prov, &err);
    return 0;
}

/* A copy of what the HSM gave, filled up to `size`: its length is not to be
 * seen in which octets are read later. */
static size_t spread(const mhsm_result *result, unsigned char *message,
                     size_t size)
{
    size_t length = 0;
    const unsigned char *data =
        result == NULL ? NULL : mhsm_result_data(result, &length);

    memset(message, 0, size);
    if (data == NULL || length > size)
        return size + 1;
    memcpy(message, data, length);
    return length;
}

static int decrypt_pkcs1(struct mp_cipher *ctx, unsigned char *out,
                         size_t *outlen, const unsigned char *in, size_t size)
{
    unsigned char real[MODULUS_MAX], other[MODULUS_MAX];
    size_t real_length, other_length = 0;
    mhsm_result *result = NULL;
    unsigned char bad;
    int ok = 0;

    /* Made before the request, so that its time does not tell. */
    if (!mp_reject_message(ctx->key, in, size, other, &other_length) ||
        !request(ctx, in, size, ctx->set.implicit_rejection != 0, &result))
        goto out;
    real_length = spread(result, real, size);
    bad = mp_ct_equal(real_length, size + 1);
    mp_ct_select(bad, out, other, real, size);
    *outlen = mp_ct_select_size(bad, other_length, real_length);
    ok = 1;
out:
    mhsm_result_free(result);
    OPENSSL_cleanse(real, sizeof(real));
    OPENSSL_cleanse(other, sizeof(other));
    return ok;
}

/* The version that the client announced is in the first two octets. */
static unsigned char version_matches(const unsigned char *secret,
                                     unsigned int version)
{
    return mp_ct_equal(((size_t)secret[0] << 8) | secret[1], version);
}

static int decrypt_tls(struct mp_cipher *ctx, unsigned char *out,
                       size_t *outlen, const unsigned char *in, size_t size)
{
    unsigned char real[MODULUS_MAX], other[MP_PREMASTER_SIZE];
    mhsm_result *result = NULL;
    unsigned char good;
    size_t length;
    int ok = 0;

    if (ctx->set.client_version == 0) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "padding for TLS needs the client's version");
        return 0;
    }
    if (RAND_priv_bytes_ex(mp_local_libctx(ctx->prov), other, sizeof(other),
                           0) != 1) {
        mp_raise(ctx->prov, MP_R_LOCAL, "no random octets");
        return 0;
    }
    if (!request(ctx, in, size, 1, &result))
        goto out;
    length = spread(result, real, size);
    good = version_matches(real, ctx->set.client_version);
    if (ctx->set.negotiated_version != 0)
        good |= version_matches(real, ctx->set.negotiated_version);
    good &= mp_ct_equal(length, MP_PREMASTER_SIZE);
    mp_ct_select(good, out, real, other, MP_PREMASTER_SIZE);
    *outlen = MP_PREMASTER_SIZE;
    ok = 1;
out:
    mhsm_result_free(result);
    OPENSSL_cleanse(real, sizeof(real));
    OPENSSL_cleanse(other, sizeof(other));
    return ok;
}

static int decrypt_oaep(struct mp_cipher *ctx, unsigned char *out,
                        size_t *outlen, const unsigned char *in, size_t size)
{
    mhsm_result *result = NULL;
    const unsigned char *data;
    size_t length = 0;
    int ok = 0;

    if (!request(ctx, in, size, 0, &result))
        return 0;
    data = mhsm_result_data(result, &length);
    if (length > size) {
        mp_raise(ctx->prov, MP_R_ANSWER,
                 "the HSM's %zu octets are more than key %s can encrypt",
                 length, mhsm_key_id(ctx->key->hsm));
    } else {
        if (length != 0)
            memcpy(out, data, length);
        *outlen = length;
        ok = 1;
    }
    mhsm_result_free(result);
    return ok;
}

int mp_cipher_remote_decrypt(struct mp_cipher *ctx, unsigned char *out,
                             size_t *outlen, const unsigned char *in,
                             size_t inlen)
{
    size_t size = mp_key_size(ctx->key);

    if (!mp_cipher_remote_check(ctx) || !check_mgf1(ctx) || !check_pkcs1(ctx))
        return 0;
    if (inlen != size || size > MODULUS_MAX || size < MP_PREMASTER_SIZE) {
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
                 "a ciphertext of this key has %zu octets, the input has %zu",
                 size, inlen);
        return 0;
    }
    if (ctx->set.pad == RSA_PKCS1_OAEP_PADDING)
        return decrypt_oaep(ctx, out, outlen, in, size);
    if (ctx->set.pad == RSA_PKCS1_WITH_TLS_PADDING)
        return decrypt_tls(ctx, out, outlen, in, size);
    return decrypt_pkcs1(ctx, out, outlen, in, size);
}
