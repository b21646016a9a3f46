/* SPDX-License-Identifier: MIT
 *
 * Digests, verification and RSA encryption on this machine.  Must never be
 * weaker than asking the HSM: the same algorithms with the same parameters,
 * and the same refusals.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/clock.h"
#include "cli/encode.h"
#include "cli/file.h"
#include "cli/local_key.h"

static OSSL_LIB_CTX *context;

OSSL_LIB_CTX *cli_local_context(void)
{
    if (context == NULL)
        context = OSSL_LIB_CTX_new();
    return context;
}

void cli_local_end(void)
{
    OSSL_LIB_CTX_free(context);
    context = NULL;
}

/* OpenSSL's own words for a failure that should not be. */
mhsm_status cli_local_failed(const char *what, mhsm_error **err)
{
    char text[256];
    unsigned long code = ERR_peek_last_error();

    ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "%s failed in OpenSSL: %s", what,
                       code != 0 ? text : "it does not say why");
}

mhsm_status cli_local_random(void *data, size_t size, mhsm_error **err)
{
    if (cli_local_context() == NULL ||
        RAND_bytes_ex(context, data, size, 0) != 1)
        return cli_local_failed("the random generator", err);
    return MHSM_OK;
}

mhsm_status cli_local_hash_file(EVP_MD_CTX *hash, const char *path,
                                mhsm_error **err)
{
    unsigned char block[65536];
    size_t got = 1;
    int fd = -1;
    mhsm_status st = cli_file_open(path, &fd, err);

    while (st == MHSM_OK && got > 0) {
        st = cli_file_read(fd, path, block, sizeof(block), &got, err);
        if (st == MHSM_OK && EVP_DigestUpdate(hash, block, got) != 1)
            st = cli_local_failed("hashing", err);
    }
    OPENSSL_cleanse(block, sizeof(block));
    cli_file_close(fd);
    return st;
}

mhsm_status cli_local_digest(const char *md, const char *path,
                             struct mhsmi_buf *digest, mhsm_error **err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_MD *method = NULL;
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    mhsm_status st;

    if (cli_local_context() != NULL)
        method = EVP_MD_fetch(context, md, NULL);
    if (hash == NULL || method == NULL ||
        EVP_DigestInit_ex2(hash, method, NULL) != 1) {
        st = cli_local_failed(md, err);
        goto out;
    }
    st = cli_local_hash_file(hash, path, err);
    if (st != MHSM_OK)
        goto out;
    if (EVP_DigestFinal_ex(hash, value, &size) != 1)
        st = cli_local_failed("hashing", err);
    else if (!mhsmi_buf_append(digest, value, size))
        st = mhsmi_error_memory(err);

out:
    EVP_MD_free(method);
    EVP_MD_CTX_free(hash);
    return st;
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

mhsm_status cli_local_verify(const mhsm_key *key,
                             const mhsm_algorithm *algorithm,
                             const struct mhsmi_buf *digest,
                             const struct mhsmi_buf *signature, int *valid,
                             mhsm_error **err)
{
    EVP_PKEY *pkey = cli_local_key(key);
    EVP_PKEY_CTX *ctx = NULL;
    struct mhsmi_buf der;
    mhsm_status st = MHSM_OK;
    int is_ec = algorithm->type == MHSM_KEY_EC;
    size_t size = 0;

    mhsmi_buf_init(&der, 1024);
    if (pkey == NULL ||
        (ctx = EVP_PKEY_CTX_new_from_pkey(context, pkey, NULL)) == NULL ||
        EVP_PKEY_verify_init(ctx) != 1 || !set_verify_params(ctx, algorithm)) {
        st = cli_local_failed("preparing to verify", err);
        goto out;
    }
    if (is_ec)
        (void)mhsm_key_ec_x(key, &size);
    else
        (void)mhsm_key_rsa_n(key, &size);
    if (signature->size != (is_ec ? 2 * size : size)) {
        *valid = 0;
    } else if (is_ec &&
               !cli_ecdsa_to_der(&der, signature->data, signature->size)) {
        st = cli_local_failed("encoding the signature", err);
    } else {
        const struct mhsmi_buf *form = is_ec ? &der : signature;

        *valid = EVP_PKEY_verify(ctx, form->data, form->size, digest->data,
                                 digest->size) == 1;
    }

out:
    ERR_clear_error();
    mhsmi_buf_clear(&der);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
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

static mhsm_status check_size(const mhsm_key *key,
                              const mhsm_algorithm *algorithm, size_t size,
                              mhsm_error **err)
{
    size_t modulus = (mhsm_key_bits(key) + 7) / 8, room;
    /* RFC 8017: PKCS#1 v1.5 takes 11 octets, OAEP two digests and 2. */
    size_t overhead = 11;

    if (algorithm->padding == MHSM_PADDING_OAEP)
        overhead = strcmp(algorithm->digest, "SHA1") == 0 ? 42 : 66;
    room = modulus > overhead ? modulus - overhead : 0;
    if (size > room)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the input has %zu octets, but %s with this key "
                           "takes at most %zu",
                           size, algorithm->name, room);
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

mhsm_status cli_local_encrypt(const mhsm_key *key,
                              const mhsm_algorithm *algorithm,
                              unsigned int operation,
                              const struct mhsmi_buf *text,
                              struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned char result[1024]; /* RSA of up to 8192 bits */
    size_t size = sizeof(result);
    EVP_PKEY_CTX *ctx = NULL;
    EVP_PKEY *pkey = NULL;
    mhsm_status st = check_usable(key, operation, err);

    if (st == MHSM_OK)
        st = check_size(key, algorithm, text->size, err);
    if (st != MHSM_OK)
        return st;
    pkey = cli_local_key(key);
    if (pkey == NULL ||
        (ctx = EVP_PKEY_CTX_new_from_pkey(context, pkey, NULL)) == NULL ||
        EVP_PKEY_encrypt_init(ctx) != 1 ||
        !set_encrypt_params(ctx, algorithm) ||
        EVP_PKEY_encrypt(ctx, result, &size,
                         (const unsigned char *)mhsmi_buf_text(text),
                         text->size) != 1)
        st = cli_local_failed("encrypting", err);
    else if (!mhsmi_buf_append(out, result, size))
        st = mhsmi_error_memory(err);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return st;
}
