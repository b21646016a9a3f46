/* SPDX-License-Identifier: MIT
 *
 * Fuzzing of key references: whatever the octets are, decoding them neither
 * crashes nor leaks nor leaves an error behind, and what is accepted is what
 * would be written for it.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include <mhsm/mhsm.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static mhsm_client *get_client(void)
{
    static mhsm_client *client;
    mhsm_config *config;

    if (client != NULL)
        return client;
    config = mhsm_config_new();
    if (config == NULL || mhsm_client_new(config, &client, NULL) != MHSM_OK)
        abort();
    mhsm_config_free(config);
    return client;
}

/* Names of operations that are not known are the one thing that is dropped. */
static void check_written(const mhsm_key *key, const unsigned char *data,
                          size_t size)
{
    unsigned char *der = NULL;
    mhsm_key *again = NULL;
    size_t der_size = 0;

    if (mhsm_reference_encode(key, &der, &der_size, NULL) != MHSM_OK)
        abort();
    if (der_size != size || memcmp(der, data, size) != 0) {
        if (der_size > size ||
            mhsm_reference_decode(get_client(), der, der_size, &again, NULL) !=
                MHSM_OK ||
            strcmp(mhsm_key_uri(key), mhsm_key_uri(again)) != 0 ||
            mhsm_key_operations(key) != mhsm_key_operations(again) ||
            mhsm_key_bits(key) != mhsm_key_bits(again))
            abort();
    }
    mhsm_key_free(again);
    mhsm_reference_free(der);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;
    size_t whole = mhsm_reference_probe(
        data, size < MHSM_REFERENCE_PROBE ? size : MHSM_REFERENCE_PROBE);

    st = mhsm_reference_decode(get_client(), data, size, &key, &err);
    if ((st == MHSM_OK) != (key != NULL) || (st == MHSM_OK) != (err == NULL) ||
        (st == MHSM_OK && whole != size) || ERR_peek_error() != 0)
        abort();
    if (key != NULL)
        check_written(key, data, size);
    else if (mhsm_error_message(err)[0] == '\0')
        abort();
    mhsm_key_free(key);
    mhsm_error_free(&err);
    return 0;
}
