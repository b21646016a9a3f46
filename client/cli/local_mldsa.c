/* SPDX-License-Identifier: MIT
 *
 * ML-DSA on this machine: mu, which is what the HSM signs in place of a
 * message (FIPS 204, algorithms 2 and 7: SHAKE256 of the hashed public key,
 * the context and the message), and verification where OpenSSL knows ML-DSA.
 * Must never need OpenSSL 3.5 to sign.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "cli/local_key.h"

enum { tr_size = 64 };

/* OpenSSL's name, which the headers of versions before 3.5 do not have. */
#define PARAM_MU "mu"

static int shake(EVP_MD *method, const unsigned char *data, size_t size,
                 unsigned char tr[tr_size])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int ok = hash != NULL && EVP_DigestInit_ex2(hash, method, NULL) == 1 &&
             EVP_DigestUpdate(hash, data, size) == 1 &&
             EVP_DigestFinalXOF(hash, tr, tr_size) == 1;

    EVP_MD_CTX_free(hash);
    return ok;
}

/* All that comes before the message. */
static int begin(EVP_MD_CTX *hash, EVP_MD *method, const mhsm_key *key,
                 const struct mhsmi_buf *context)
{
    size_t size;
    const unsigned char *octets = mhsm_key_akp_public(key, &size);
    unsigned char tr[tr_size];
    /* 0: the message itself and not a digest of it. */
    unsigned char head[2] = {0, (unsigned char)context->size};

    return octets != NULL && context->size <= MHSM_CONTEXT_SIZE_MAX &&
           shake(method, octets, size, tr) &&
           EVP_DigestInit_ex2(hash, method, NULL) == 1 &&
           EVP_DigestUpdate(hash, tr, sizeof(tr)) == 1 &&
           EVP_DigestUpdate(hash, head, sizeof(head)) == 1 &&
           (context->size == 0 ||
            EVP_DigestUpdate(hash, context->data, context->size) == 1);
}

mhsm_status cli_local_mu(const mhsm_key *key, const struct mhsmi_buf *context,
                         const char *path, struct mhsmi_buf *mu,
                         mhsm_error **err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    OSSL_LIB_CTX *libctx = cli_local_context();
    unsigned char value[MHSM_MU_SIZE];
    EVP_MD *method = NULL;
    mhsm_status st;

    if (libctx != NULL)
        method = EVP_MD_fetch(libctx, "SHAKE256", NULL);
    if (hash == NULL || method == NULL || !begin(hash, method, key, context)) {
        st = cli_local_failed("SHAKE256", err);
        goto out;
    }
    st = cli_local_hash_file(hash, path, err);
    if (st != MHSM_OK)
        goto out;
    if (EVP_DigestFinalXOF(hash, value, sizeof(value)) != 1)
        st = cli_local_failed("SHAKE256", err);
    else if (!mhsmi_buf_append(mu, value, sizeof(value)))
        st = mhsmi_error_memory(err);

out:
    EVP_MD_free(method);
    EVP_MD_CTX_free(hash);
    return st;
}

int cli_local_has(const mhsm_parameter_set *set)
{
    EVP_SIGNATURE *method = NULL;

    if (cli_local_context() != NULL)
        method = EVP_SIGNATURE_fetch(cli_local_context(), set->name, NULL);
    EVP_SIGNATURE_free(method);
    ERR_clear_error();
    return method != NULL;
}

mhsm_status cli_local_verify_mu(const mhsm_key *key, const struct mhsmi_buf *mu,
                                const struct mhsmi_buf *signature, int *valid,
                                mhsm_error **err)
{
    EVP_PKEY *pkey = cli_local_key(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    mhsm_status st = MHSM_OK;
    OSSL_PARAM params[2];
    int external = 1;

    params[0] = OSSL_PARAM_construct_int(PARAM_MU, &external);
    params[1] = OSSL_PARAM_construct_end();
    if (pkey == NULL || ctx == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, NULL, cli_local_context(), NULL,
                                pkey, params) != 1)
        st = cli_local_failed("preparing to verify", err);
    else
        *valid = EVP_DigestVerify(
                     ctx, (const unsigned char *)mhsmi_buf_text(signature),
                     signature->size, mu->data, mu->size) == 1;
    ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return st;
}
