/* SPDX-License-Identifier: MIT
 *
 * The provider's self test: known answers of what is computed here and not by
 * OpenSSL or the HSM.  DER around signatures, identifiers of algorithms,
 * DigestInfo, which algorithm of the service a request means, and the
 * substitute of a badly padded message.  Must never make a request.
 */
#include "alg.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "key.h"
#include "local.h"
#include "pkcs1_reject.h"

static int equal(const unsigned char *a, size_t a_size, const unsigned char *b,
                 size_t b_size)
{
    return a_size == b_size && CRYPTO_memcmp(a, b, b_size) == 0;
}

static int test_ecdsa_der(void)
{
    /* r needs a leading zero in DER, s loses one. */
    static const unsigned char raw[] = {0x80, 0x01, 0x00, 0x7f};
    static const unsigned char expected[] = {0x30, 0x08, 0x02, 0x03, 0x00,
                                             0x80, 0x01, 0x02, 0x01, 0x7f};
    static const unsigned char zero[] = {0x00, 0x00, 0x00, 0x7f};
    unsigned char der[16];
    size_t size = 0;

    return mp_alg_ecdsa_der(raw, sizeof(raw), 2, der, sizeof(der), &size) &&
           equal(der, size, expected, sizeof(expected)) &&
           !mp_alg_ecdsa_der(raw, sizeof(raw), 2, der, size - 1, &size) &&
           !mp_alg_ecdsa_der(raw, sizeof(raw) - 1, 2, der, sizeof(der),
                             &size) &&
           !mp_alg_ecdsa_der(zero, sizeof(zero), 2, der, sizeof(der), &size);
}

static int identifier_is(const struct mp_alg_id *id,
                         const unsigned char *expected, size_t expected_size)
{
    unsigned char *der = NULL;
    size_t size = 0;
    int same = mp_alg_id_der(id, &der, &size) &&
               equal(der, size, expected, expected_size);

    OPENSSL_free(der);
    return same;
}

/* RFC 4055 and RFC 5758, with SHA-256. */
static int test_identifiers(const EVP_MD *sha256)
{
    static const unsigned char pkcs1[] = {0x30, 0x0d, 0x06, 0x09, 0x2a,
                                          0x86, 0x48, 0x86, 0xf7, 0x0d,
                                          0x01, 0x01, 0x0b, 0x05, 0x00};
    static const unsigned char ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                          0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    static const unsigned char pss[] = {
        0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
        0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a,
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30,
        0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};
    struct mp_alg_id id = {MHSM_KEY_RSA, 0, sha256, NULL, 0};

    if (!identifier_is(&id, pkcs1, sizeof(pkcs1)))
        return 0;
    id.pss = 1;
    id.mgf1 = sha256;
    id.salt = 32;
    if (!identifier_is(&id, pss, sizeof(pss)))
        return 0;
    id.type = MHSM_KEY_EC;
    id.pss = 0;
    return identifier_is(&id, ecdsa, sizeof(ecdsa));
}

static int names(const mhsm_algorithm *algorithm, const char *name)
{
    return algorithm != NULL && algorithm == mhsm_algorithm_find(name);
}

/* RFC 8017 section 9.2, note 1, around the digest of "abc" (FIPS 180). */
static int test_digest_info(void)
{
    static const unsigned char info[] = {
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
        0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0xba, 0x78, 0x16,
        0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
        0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
        0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    unsigned char other[sizeof(info)];
    const unsigned char *digest = NULL;
    size_t size = 0;

    if (!names(mp_alg_digest_info(info, sizeof(info), &digest, &size),
               "RS256") ||
        size != 32 || digest != info + sizeof(info) - 32 ||
        mp_alg_digest_info(info, sizeof(info) - 1, &digest, &size) != NULL)
        return 0;
    /* Each octet of the prefix counts. */
    for (size_t i = 0; i < sizeof(info) - 32; i++) {
        for (size_t j = 0; j < sizeof(info); j++)
            other[j] = info[j];
        other[i] ^= 1;
        if (mp_alg_digest_info(other, sizeof(info), &digest, &size) != NULL)
            return 0;
    }
    return 1;
}

static int test_choice(const EVP_MD *sha256)
{
    struct mp_key key = {.type = MHSM_KEY_RSA, .name = "RSA"};

    return names(mp_alg_sign(&key, MHSM_PADDING_PKCS1, sha256, 32), "RS256") &&
           names(mp_alg_sign(&key, MHSM_PADDING_PSS, sha256, 32), "PS256") &&
           mp_alg_sign(&key, MHSM_PADDING_OAEP, sha256, 32) == NULL &&
           names(mp_alg_decrypt(MHSM_OP_DECRYPT, MHSM_PADDING_OAEP, sha256),
                 "RSA-OAEP-256");
}

/* Keyed with 0 to 31, of the ciphertext 0 to 47; and what chooses between two
 * without a branch. */
static int test_rejection(struct mp_prov *prov)
{
    static const unsigned char expected[] = {
        0x09, 0x62, 0xc4, 0xfd, 0xe6, 0x63, 0x34, 0x66, 0x6e, 0xd2, 0x03, 0x07,
        0x25, 0x1c, 0x84, 0x83, 0xcd, 0xdb, 0xca, 0xd7, 0xb5, 0x4e, 0xcc, 0x8c,
        0x43, 0xc9, 0x1d, 0x7f, 0xd9, 0x6c, 0xfc, 0xae, 0xc5, 0x3f, 0xf9, 0x16,
        0xe1, 0x38, 0xc3, 0xa5, 0x0d, 0x91, 0x67, 0xb3, 0x80, 0xb4, 0xd4, 0xf0};
    static const unsigned char yes[] = {1, 2}, no[] = {3, 4};
    struct mp_key key = {.type = MHSM_KEY_RSA, .prov = prov};
    unsigned char ciphertext[sizeof(expected)], message[sizeof(expected)];
    unsigned char chosen[2];
    size_t length = 0;

    for (size_t i = 0; i < MP_REJECT_SECRET_SIZE; i++)
        key.reject_secret[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(ciphertext); i++)
        ciphertext[i] = (unsigned char)i;
    if (!mp_reject_message(&key, ciphertext, sizeof(ciphertext), message,
                           &length) ||
        length != 19 ||
        !equal(message, sizeof(message), expected, sizeof(expected)))
        return 0;
    mp_ct_select(mp_ct_equal(7, 7), chosen, yes, no, sizeof(chosen));
    if (!equal(chosen, 2, yes, 2) ||
        mp_ct_select_size(mp_ct_equal(7, 7), 1, 2) != 1)
        return 0;
    mp_ct_select(mp_ct_equal(7, 8), chosen, yes, no, sizeof(chosen));
    return equal(chosen, 2, no, 2) &&
           mp_ct_select_size(mp_ct_equal(7, 8), 1, 2) == 2;
}

const char *mp_self_test(struct mp_prov *prov, const EVP_MD *sha256)
{
    if (!test_ecdsa_der())
        return "ECDSA signatures in DER";
    if (!test_identifiers(sha256))
        return "identifiers of algorithms";
    if (!test_digest_info())
        return "DigestInfo";
    if (!test_choice(sha256))
        return "the choice of an algorithm";
    return test_rejection(prov) ? NULL : "the substitute of a message";
}
