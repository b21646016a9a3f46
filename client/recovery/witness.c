/* SPDX-License-Identifier: MIT
 *
 * Witnesses of symmetric keys: made by wrapping, asked by unwrapping.
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "mhsm/crypto.h"
#include "recovery/inventory.h"

int mhsmi_key_usable(const mhsm_key *key, unsigned int operations,
                     const char **why)
{
    int64_t now = mhsmi_clock_unix();

    if (!mhsm_key_enabled(key))
        *why = "disabled";
    else if (mhsm_key_not_before(key) != 0 && now < mhsm_key_not_before(key))
        *why = "not valid yet";
    else if (mhsm_key_expires(key) != 0 && now >= mhsm_key_expires(key))
        *why = "expired";
    else if ((mhsm_key_operations(key) & operations) != operations)
        *why = "not for any operation that could tell";
    else
        return 1;
    return 0;
}

const char *mhsmi_witness_algorithm(const mhsm_key *key)
{
    static const struct {
        unsigned int bits;
        const char *algorithm;
    } rows[] = {
        {128, "A128KW"},
        {192, "A192KW"},
        {256, "A256KW"},
        {0, "CKM_AES_KEY_WRAP"}, /* the service does not say how long it is */
    };
    size_t i;

    for (i = 0; mhsm_key_get_type(key) == MHSM_KEY_OCT &&
                i < sizeof(rows) / sizeof(rows[0]);
         i++)
        if (rows[i].bits == mhsm_key_bits(key))
            return rows[i].algorithm;
    return NULL;
}

int mhsmi_key_refused(mhsm_status st)
{
    return st == MHSM_ERR_FORBIDDEN || st == MHSM_ERR_KEY_DISABLED ||
           st == MHSM_ERR_KEY_OPERATION || st == MHSM_ERR_REJECTED ||
           st == MHSM_ERR_UNSUPPORTED;
}

mhsm_status mhsmi_witness_make(mhsm_client *client, OSSL_LIB_CTX *lib,
                               const mhsm_key *key,
                               struct mhsmi_witness *witness, mhsm_error **err)
{
    unsigned char text[MHSMI_WITNESS_SIZE];
    mhsm_error *refusal = NULL;
    mhsm_result *result = NULL;
    const unsigned char *data;
    const char *why;
    mhsm_status st;
    size_t size;

    witness->algorithm = mhsmi_witness_algorithm(key);
    if (witness->algorithm == NULL ||
        !mhsmi_key_usable(key, MHSM_OP_WRAP | MHSM_OP_UNWRAP, &why))
        return MHSM_OK;
    if (RAND_priv_bytes_ex(lib, text, sizeof(text), 0) != 1 ||
        EVP_Q_digest(lib, "SHA256", NULL, text, sizeof(text), witness->sha256,
                     NULL) != 1)
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "OpenSSL makes no random octets, or no SHA-256");
    st = mhsm_wrap(client, key, witness->algorithm, text, sizeof(text), &result,
                   &refusal);
    if (st == MHSM_OK) {
        data = mhsm_result_data(result, &size);
        if (!mhsmi_buf_append(&witness->wrapped, data, size))
            st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "key %s wraps 32 octets to %zu", mhsm_key_id(key),
                             size);
    } else if (mhsmi_key_refused(st)) {
        mhsm_error_free(&refusal);
        st = MHSM_OK;
    } else if (err != NULL) {
        *err = refusal;
        refusal = NULL;
    }
    mhsm_error_free(&refusal);
    mhsm_result_free(result);
    OPENSSL_cleanse(text, sizeof(text));
    return st;
}

mhsm_status mhsmi_witness_ask(const struct mhsmi_witness *witness,
                              mhsm_client *client, OSSL_LIB_CTX *lib,
                              const mhsm_key *key, int *same, mhsm_error **err)
{
    unsigned char sha256[sizeof(witness->sha256)];
    mhsm_result *result = NULL;
    const unsigned char *data;
    size_t size;
    mhsm_status st =
        mhsm_unwrap(client, key, witness->algorithm, witness->wrapped.data,
                    witness->wrapped.size, &result, err);

    if (st != MHSM_OK)
        return st;
    data = mhsm_result_data(result, &size);
    *same = EVP_Q_digest(lib, "SHA256", NULL, data, size, sha256, NULL) == 1 &&
            size == MHSMI_WITNESS_SIZE &&
            CRYPTO_memcmp(sha256, witness->sha256, sizeof(sha256)) == 0;
    OPENSSL_cleanse(sha256, sizeof(sha256));
    mhsm_result_free(result);
    return MHSM_OK;
}
