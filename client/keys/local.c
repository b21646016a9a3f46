/* SPDX-License-Identifier: MIT
 *
 * The public half of a key's operations, on this machine.  Must never be
 * weaker than asking the HSM: the same algorithms with the same parameters,
 * and the same refusals.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/clock.h"
#include "base/ecdsa.h"
#include "base/error.h"
#include "base/private_context.h"
#include "base/result.h"
#include "keys/fit.h"

/* OpenSSL's own words for a failure that should not be. */
static mhsm_status failed(const char *what, mhsm_error **err)
{
    char text[256];
    unsigned long code = ERR_peek_last_error();

    ERR_error_string_n(code, text, sizeof(text));
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "%s failed in OpenSSL: %s", what,
                       code != 0 ? text : "it does not say why");
}

/* A context of its own and the public key in it. */
struct local {
    struct mhsmi_private_context context;
    EVP_PKEY *pkey;
};

static mhsm_status open_key(struct local *local, const mhsm_key *key,
                            mhsm_error **err)
{
    mhsm_result *der = NULL;
    const unsigned char *at;
    mhsm_status st;
    size_t size;

    memset(local, 0, sizeof(*local));
    (void)ERR_set_mark();
    if ((st = mhsmi_private_context_open(&local->context, err)) != MHSM_OK ||
        (st = mhsm_key_spki(key, &der, err)) != MHSM_OK)
        return st;
    at = mhsm_result_data(der, &size);
    local->pkey =
        d2i_PUBKEY_ex(NULL, &at, (long)size, local->context.lib, NULL);
    mhsm_result_free(der);
    if (local->pkey == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "this OpenSSL does not know keys like %s",
                           mhsm_key_id(key));
    return MHSM_OK;
}

/* The host's error queue is as it was. */
static void close_key(struct local *local)
{
    EVP_PKEY_free(local->pkey);
    mhsmi_private_context_close(&local->context);
    (void)ERR_pop_to_mark();
}

/* OSSL_PARAM wants writable text that it does not write. */
static OSSL_PARAM text_param(const char *name, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static int set_verify_params(EVP_PKEY_CTX *ctx, const mhsm_algorithm *algorithm)
{
    OSSL_PARAM params[5];
    size_t count = 0;

    params[count++] =
        text_param(OSSL_SIGNATURE_PARAM_DIGEST, algorithm->digest);
    if (algorithm->padding == MHSM_PADDING_PSS) {
        params[count++] = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                     OSSL_PKEY_RSA_PAD_MODE_PSS);
        params[count++] =
            text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, algorithm->digest);
        params[count++] = text_param(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                                     OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
    } else if (algorithm->padding == MHSM_PADDING_PKCS1) {
        params[count++] = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                     OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    }
    params[count] = OSSL_PARAM_construct_end();
    return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static mhsm_status verify_digest(const struct local *local,
                                 const mhsm_algorithm *algorithm,
                                 const unsigned char *digest,
                                 size_t digest_size,
                                 const unsigned char *signature, size_t size,
                                 int *valid, mhsm_error **err)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_pkey(local->context.lib, local->pkey, NULL);
    mhsm_status st = MHSM_OK;
    struct mhsmi_buf der;

    mhsmi_buf_init(&der, 1024);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
        !set_verify_params(ctx, algorithm)) {
        st = failed("preparing to verify", err);
        goto out;
    }
    if (algorithm->type == MHSM_KEY_EC) {
        if (!mhsmi_ecdsa_to_der(&der, signature, size)) {
            st = mhsmi_error_memory(err);
            goto out;
        }
        signature = mhsmi_buf_octets(&der, &size);
    }
    *valid = EVP_PKEY_verify(ctx, signature, size, digest, digest_size) == 1;

out:
    mhsmi_buf_clear(&der);
    EVP_PKEY_CTX_free(ctx);
    return st;
}

static mhsm_status verify_message(const struct local *local,
                                  const unsigned char *message,
                                  size_t message_size,
                                  const unsigned char *signature, size_t size,
                                  int *valid, mhsm_error **err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    mhsm_status st = MHSM_OK;

    if (ctx == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, NULL, local->context.lib, NULL,
                                local->pkey, NULL) != 1)
        st = failed("preparing to verify", err);
    else
        *valid =
            EVP_DigestVerify(ctx, signature, size, message, message_size) == 1;
    EVP_MD_CTX_free(ctx);
    return st;
}

mhsm_status mhsm_verify_local(const mhsm_key *key, const char *algorithm,
                              const unsigned char *digest, size_t digest_size,
                              const unsigned char *signature,
                              size_t signature_size, int *valid,
                              mhsm_error **err)
{
    const mhsm_algorithm *found = NULL;
    size_t size = 0;
    struct local local;
    mhsm_status st;
    struct mhsmi_fit fit = {.key = key,
                            .operation = MHSM_OP_VERIFY,
                            .text_size = digest_size,
                            .signature_size = signature_size};

    if (key == NULL || algorithm == NULL || signature == NULL ||
        valid == NULL || (digest == NULL && digest_size > 0))
        return mhsmi_error(
            err, MHSM_ERR_ARGUMENT,
            "a key, an algorithm, a digest, a signature and a place for the "
            "answer are needed");
    if ((st = mhsmi_fit_check(&fit, algorithm, &found, err)) != MHSM_OK)
        return st;
    if (found->type != MHSM_KEY_AKP && found->digest == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "%s cannot be verified on this machine",
                           found->name);
    if (found->type == MHSM_KEY_EC)
        (void)mhsm_key_ec_x(key, &size);
    else
        (void)mhsm_key_rsa_n(key, &size);
    size = found->type == MHSM_KEY_EC ? 2 * size : size;
    if (size != 0 && signature_size != size) {
        *valid = 0;
        return MHSM_OK;
    }
    if ((st = open_key(&local, key, err)) == MHSM_OK)
        st = found->type == MHSM_KEY_AKP
                 ? verify_message(&local, digest, digest_size, signature,
                                  signature_size, valid, err)
                 : verify_digest(&local, found, digest, digest_size, signature,
                                 signature_size, valid, err);
    close_key(&local);
    return st;
}

static mhsm_status check_usable(const mhsm_key *key, unsigned int operation,
                                mhsm_error **err)
{
    int64_t now = mhsmi_clock_unix();
    const char *name = mhsm_key_name(key);
    const char *version = mhsm_key_version(key);

    if (!mhsm_key_enabled(key))
        return mhsmi_error(err, MHSM_ERR_KEY_DISABLED,
                           "key %s (version %s) is disabled", name, version);
    if (mhsm_key_not_before(key) != 0 && now < mhsm_key_not_before(key))
        return mhsmi_error(err, MHSM_ERR_KEY_DISABLED,
                           "key %s (version %s) is not valid yet", name,
                           version);
    if (mhsm_key_expires(key) != 0 && now >= mhsm_key_expires(key))
        return mhsmi_error(err, MHSM_ERR_KEY_DISABLED,
                           "key %s (version %s) has expired", name, version);
    if ((mhsm_key_operations(key) & operation) == 0)
        return mhsmi_error(err, MHSM_ERR_KEY_OPERATION,
                           "key %s does not allow %s (its key_ops)", name,
                           mhsm_operation_name(operation));
    return MHSM_OK;
}

static int set_encrypt_params(EVP_PKEY_CTX *ctx,
                              const mhsm_algorithm *algorithm)
{
    OSSL_PARAM params[4];
    size_t count = 0;

    if (algorithm->padding == MHSM_PADDING_OAEP) {
        params[count++] = text_param(OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
                                     OSSL_PKEY_RSA_PAD_MODE_OAEP);
        params[count++] =
            text_param(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, algorithm->digest);
        params[count++] =
            text_param(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, algorithm->digest);
    } else {
        params[count++] = text_param(OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
                                     OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    }
    params[count] = OSSL_PARAM_construct_end();
    return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

mhsm_status mhsm_encrypt_local(const mhsm_key *key, const char *algorithm,
                               unsigned int operation,
                               const unsigned char *text, size_t text_size,
                               mhsm_result **result, mhsm_error **err)
{
    const mhsm_algorithm *found = NULL;
    mhsm_result *made = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    struct local local;
    mhsm_status st;
    size_t size = 0;
    const struct mhsmi_fit fit = {
        .key = key, .operation = operation, .text_size = text_size};

    if (key == NULL || algorithm == NULL || result == NULL ||
        (text == NULL && text_size > 0))
        return mhsmi_error(
            err, MHSM_ERR_ARGUMENT,
            "a key, an algorithm, a text and a place for the result are "
            "needed");
    if (mhsm_key_get_type(key) != MHSM_KEY_RSA)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "a key of type %s has no public part that encrypts",
                           mhsm_key_type_name(mhsm_key_get_type(key)));
    if ((st = check_usable(key, operation, err)) != MHSM_OK ||
        (st = mhsmi_fit_check(&fit, algorithm, &found, err)) != MHSM_OK)
        return st;
    if ((st = open_key(&local, key, err)) != MHSM_OK)
        goto out;
    (void)mhsm_key_rsa_n(key, &size);
    made = mhsmi_result_new(size);
    if (made == NULL || !mhsmi_buf_reserve(&made->data, size)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    ctx = EVP_PKEY_CTX_new_from_pkey(local.context.lib, local.pkey, NULL);
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        !set_encrypt_params(ctx, found) ||
        EVP_PKEY_encrypt(ctx, made->data.data, &size, text, text_size) != 1) {
        st = failed("encrypting", err);
        goto out;
    }
    made->data.size = size;
    *result = made;
    made = NULL;

out:
    EVP_PKEY_CTX_free(ctx);
    mhsm_result_free(made);
    close_key(&local);
    return st;
}
