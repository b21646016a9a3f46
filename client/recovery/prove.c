/* SPDX-License-Identifier: MIT
 *
 * Holding an HSM against an inventory: each version is got, compared and used
 * once.  What is not there, or not right, is a finding and no error.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/private_context.h"
#include "mhsm/crypto.h"
#include "recovery/inventory.h"

enum { TEXT_SIZE = 32, DIGEST_MAX = 64 };

struct proving {
    mhsm_client *client;
    const mhsm_uri *uri;
    OSSL_LIB_CTX *lib;
    const struct mhsmi_inventory_item *item;
    mhsm_proof proof;
    char reason[256];
};

const char *mhsm_proof_name(mhsm_proof proof)
{
    static const char *const names[MHSM_PROOF_COUNT] = {
        [MHSM_PROOF_WORKS] = "works",         [MHSM_PROOF_SAME] = "same",
        [MHSM_PROOF_PRESENT] = "present",     [MHSM_PROOF_MISSING] = "missing",
        [MHSM_PROOF_DIFFERENT] = "different", [MHSM_PROOF_WRONG] = "wrong",
    };

    return (unsigned int)proof < MHSM_PROOF_COUNT ? names[proof] : "";
}

static void find(struct proving *proving, mhsm_proof proof, const char *reason)
{
    size_t size = strlen(reason);

    proving->proof = proof;
    if (size >= sizeof(proving->reason))
        size = sizeof(proving->reason) - 1;
    memcpy(proving->reason, reason, size);
    proving->reason[size] = '\0';
}

typedef const unsigned char *(*number)(const mhsm_key *key, size_t *size);

static int same_number(const mhsm_key *a, const mhsm_key *b, number get)
{
    size_t a_size, b_size;
    const unsigned char *left = get(a, &a_size), *right = get(b, &b_size);

    return a_size == b_size &&
           (a_size == 0 || memcmp(left, right, a_size) == 0);
}

static int same_public(const mhsm_key *a, const mhsm_key *b)
{
    static const number numbers[] = {mhsm_key_rsa_n, mhsm_key_rsa_e,
                                     mhsm_key_ec_x, mhsm_key_ec_y,
                                     mhsm_key_akp_public};
    size_t i;

    if (mhsm_key_get_type(a) != mhsm_key_get_type(b) ||
        mhsm_key_curve(a) != mhsm_key_curve(b) ||
        mhsm_key_parameter_set(a) != mhsm_key_parameter_set(b) ||
        mhsm_key_bits(a) != mhsm_key_bits(b))
        return 0;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!same_number(a, b, numbers[i]))
            return 0;
    return 1;
}

/* Refused is a finding; all else that fails ends the work. */
static mhsm_status judge(struct proving *proving, mhsm_status st, int right,
                         mhsm_error *failure, mhsm_error **err)
{
    if (st == MHSM_OK) {
        find(proving, right ? MHSM_PROOF_WORKS : MHSM_PROOF_WRONG, "");
    } else if (mhsmi_key_refused(st)) {
        find(proving,
             mhsm_key_get_type(proving->item->key) == MHSM_KEY_OCT
                 ? MHSM_PROOF_PRESENT
                 : MHSM_PROOF_SAME,
             mhsm_error_message(failure));
        st = MHSM_OK;
    } else if (err != NULL) {
        *err = failure;
        return st;
    }
    mhsm_error_free(&failure);
    return st;
}

static const char *signing_algorithm(const mhsm_key *key)
{
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(key));
    const mhsm_algorithm *found;
    size_t i;

    if (set != NULL)
        return set->name;
    if (mhsm_key_get_type(key) == MHSM_KEY_RSA)
        return "PS256";
    for (i = 0; curve != NULL && (found = mhsm_algorithm_at(i)) != NULL; i++)
        if (found->type == MHSM_KEY_EC && found->curve == curve->curve &&
            (found->operations & MHSM_OP_SIGN) != 0)
            return found->name;
    return NULL;
}

static mhsm_status prove_signing(struct proving *proving, const mhsm_key *there,
                                 mhsm_error **err)
{
    const mhsm_key *recorded = proving->item->key;
    const char *algorithm = signing_algorithm(recorded);
    const mhsm_algorithm *row =
        algorithm != NULL ? mhsm_algorithm_find(algorithm) : NULL;
    unsigned char digest[DIGEST_MAX];
    const unsigned char *signature;
    mhsm_error *failure = NULL;
    mhsm_result *result = NULL;
    mhsm_status st;
    int valid = 0;
    size_t size;

    if (row == NULL) {
        find(proving, MHSM_PROOF_SAME, "no algorithm to sign with");
        return MHSM_OK;
    }
    size = row->digest_size != 0 ? row->digest_size : TEXT_SIZE;
    if (RAND_bytes_ex(proving->lib, digest, size, 0) != 1)
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "OpenSSL gives no random octets");
    st = mhsm_sign(proving->client, there, algorithm, digest, size, &result,
                   &failure);
    if (st == MHSM_OK) {
        size_t signature_size;

        signature = mhsm_result_data(result, &signature_size);
        st = mhsm_verify_local(recorded, algorithm, digest, size, signature,
                               signature_size, &valid, &failure);
    }
    mhsm_result_free(result);
    return judge(proving, st, valid, failure, err);
}

static mhsm_status prove_decrypting(struct proving *proving,
                                    const mhsm_key *there, int unwraps,
                                    mhsm_error **err)
{
    unsigned char text[TEXT_SIZE];
    const unsigned char *sealed, *opened;
    mhsm_error *failure = NULL;
    mhsm_result *out = NULL, *back = NULL;
    size_t size;
    int right = 0;
    mhsm_status st;

    if (RAND_bytes_ex(proving->lib, text, sizeof(text), 0) != 1)
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "OpenSSL gives no random octets");
    st = mhsm_encrypt_local(proving->item->key, "RSA-OAEP-256",
                            unwraps ? MHSM_OP_WRAP : MHSM_OP_ENCRYPT, text,
                            sizeof(text), &out, &failure);
    if (st == MHSM_OK) {
        sealed = mhsm_result_data(out, &size);
        st = unwraps ? mhsm_unwrap(proving->client, there, "RSA-OAEP-256",
                                   sealed, size, &back, &failure)
                     : mhsm_decrypt(proving->client, there, "RSA-OAEP-256",
                                    sealed, size, NULL, &back, &failure);
    }
    if (st == MHSM_OK) {
        opened = mhsm_result_data(back, &size);
        right = size == sizeof(text) &&
                CRYPTO_memcmp(opened, text, sizeof(text)) == 0;
    }
    mhsm_result_free(out);
    mhsm_result_free(back);
    return judge(proving, st, right, failure, err);
}

static mhsm_status prove_symmetric(struct proving *proving,
                                   const mhsm_key *there, mhsm_error **err)
{
    mhsm_error *failure = NULL;
    const char *why = "";
    mhsm_status st;
    int same = 0;

    if (proving->item->witness.wrapped.size == 0) {
        find(proving, MHSM_PROOF_PRESENT, "the inventory has no witness of it");
        return MHSM_OK;
    }
    if (!mhsmi_key_usable(there, MHSM_OP_UNWRAP, &why)) {
        find(proving, MHSM_PROOF_PRESENT, why);
        return MHSM_OK;
    }
    st = mhsmi_witness_ask(&proving->item->witness, proving->client,
                           proving->lib, there, &same, &failure);
    /* Another key does not unwrap it at all. */
    if (st == MHSM_ERR_REJECTED || st == MHSM_ERR_DAMAGED) {
        mhsm_error_free(&failure);
        st = MHSM_OK;
    }
    return judge(proving, st, same, failure, err);
}

static mhsm_status prove_use(struct proving *proving, const mhsm_key *there,
                             mhsm_error **err)
{
    static const unsigned int decrypting = MHSM_OP_ENCRYPT | MHSM_OP_DECRYPT,
                              unwrapping = MHSM_OP_WRAP | MHSM_OP_UNWRAP;
    const char *why = "";

    if (mhsm_key_get_type(there) == MHSM_KEY_OCT)
        return prove_symmetric(proving, there, err);
    if (mhsmi_key_usable(there, MHSM_OP_SIGN, &why))
        return prove_signing(proving, there, err);
    if (mhsm_key_get_type(there) == MHSM_KEY_RSA) {
        if (mhsmi_key_usable(there, unwrapping, &why))
            return prove_decrypting(proving, there, 1, err);
        if (mhsmi_key_usable(there, decrypting, &why))
            return prove_decrypting(proving, there, 0, err);
    }
    find(proving, MHSM_PROOF_SAME, why);
    return MHSM_OK;
}

static mhsm_status prove_version(struct proving *proving, mhsm_error **err)
{
    const mhsm_key *recorded = proving->item->key;
    mhsm_error *failure = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *there = NULL;
    mhsm_status st = mhsm_uri_new(
        proving->client, mhsm_uri_endpoint(proving->uri),
        mhsm_key_name(recorded), mhsm_key_version(recorded), &uri, err);

    if (st != MHSM_OK)
        return st;
    st = mhsm_key_get(proving->client, uri, &there, &failure);
    mhsm_uri_free(uri);
    if (st == MHSM_ERR_NOT_FOUND) {
        find(proving, MHSM_PROOF_MISSING, mhsm_error_message(failure));
        mhsm_error_free(&failure);
        return MHSM_OK;
    }
    if (st != MHSM_OK) {
        if (err != NULL)
            *err = failure;
        else
            mhsm_error_free(&failure);
        return st;
    }
    if (same_public(recorded, there))
        st = prove_use(proving, there, err);
    else
        find(proving, MHSM_PROOF_DIFFERENT, "");
    mhsm_key_free(there);
    return st;
}

mhsm_status mhsm_inventory_prove(const mhsm_inventory *inventory,
                                 mhsm_client *client, const mhsm_uri *uri,
                                 mhsm_proof_tell tell, void *arg,
                                 size_t counts[MHSM_PROOF_COUNT],
                                 mhsm_error **err)
{
    struct mhsmi_private_context context = {NULL, NULL};
    mhsm_status st;
    size_t i;

    if (inventory == NULL || client == NULL || uri == NULL || counts == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an inventory, a client, an HSM and room for the "
                           "counts are needed");
    memset(counts, 0, MHSM_PROOF_COUNT * sizeof(counts[0]));
    st = mhsmi_private_context_open(&context, err);
    for (i = 0; st == MHSM_OK && i < inventory->count; i++) {
        struct proving proving = {.client = client, .uri = uri};
        mhsm_proof_row row;

        proving.lib = context.lib;
        proving.item = &inventory->items[i];
        st = prove_version(&proving, err);
        if (st != MHSM_OK)
            break;
        counts[proving.proof]++;
        row.name = mhsm_key_name(proving.item->key);
        row.version = mhsm_key_version(proving.item->key);
        row.proof = proving.proof;
        row.reason = proving.reason;
        if (tell != NULL && !tell(arg, &row))
            st = mhsmi_error(err, MHSM_ERR_TIMEOUT,
                             "stopped: not all keys were looked at");
    }
    mhsmi_private_context_close(&context);
    return st;
}
