/* SPDX-License-Identifier: MIT
 *
 * Picking the service's algorithm from libmhsm's table, and taking DigestInfo
 * apart.  Must never guess: what the table does not have, the service does not
 * do.
 */
#include "alg.h"

#include <string.h>

struct digest_info {
    const char *digest;
    size_t digest_size;
    unsigned char prefix[19]; /* all of the DER before the digest */
};

static const struct digest_info digest_infos[] = {
    {"SHA2-256",
     32,
     {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
      0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}},
    {"SHA2-384",
     48,
     {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
      0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}},
    {"SHA2-512",
     64,
     {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
      0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}},
};

static int fits(const mhsm_algorithm *row, unsigned int operation,
                mhsm_key_type type, mhsm_curve curve, mhsm_padding padding)
{
    return (row->operations & operation) != 0 && row->type == type &&
           row->curve == curve && row->padding == padding;
}

static const mhsm_algorithm *rsa_row(unsigned int operation,
                                     mhsm_padding padding, const EVP_MD *md)
{
    const mhsm_algorithm *row;

    for (size_t i = 0; (row = mhsm_algorithm_at(i)) != NULL; i++)
        if (fits(row, operation, MHSM_KEY_RSA, MHSM_CURVE_NONE, padding) &&
            (md == NULL ? row->digest == NULL
                        : row->digest != NULL && EVP_MD_is_a(md, row->digest)))
            return row;
    return NULL;
}

static const mhsm_algorithm *ec_row(mhsm_curve curve)
{
    const mhsm_algorithm *row;

    if (curve == MHSM_CURVE_NONE)
        return NULL;
    for (size_t i = 0; (row = mhsm_algorithm_at(i)) != NULL; i++)
        if (fits(row, MHSM_OP_SIGN, MHSM_KEY_EC, curve, MHSM_PADDING_NONE))
            return row;
    return NULL;
}

const mhsm_algorithm *mp_alg_sign(const struct mp_key *key,
                                  mhsm_padding padding, const EVP_MD *md,
                                  size_t size)
{
    const mhsm_algorithm *row;

    if (key->type == MHSM_KEY_RSA)
        return md == NULL ? NULL : rsa_row(MHSM_OP_SIGN, padding, md);
    row = ec_row(mhsm_key_curve(key->hsm));
    return row != NULL && row->digest_size == size ? row : NULL;
}

const mhsm_algorithm *mp_alg_decrypt(unsigned int operation,
                                     mhsm_padding padding, const EVP_MD *md)
{
    return rsa_row(operation, padding, md);
}

size_t mp_alg_curve_digest(const struct mp_key *key)
{
    const mhsm_algorithm *row = ec_row(mhsm_key_curve(key->hsm));

    return row == NULL ? 0 : row->digest_size;
}

const mhsm_algorithm *mp_alg_digest_info(const unsigned char *info, size_t size,
                                         const unsigned char **digest,
                                         size_t *digest_size)
{
    for (size_t i = 0; i < sizeof(digest_infos) / sizeof(digest_infos[0]);
         i++) {
        const struct digest_info *known = &digest_infos[i];
        size_t prefix_size = sizeof(known->prefix);
        const mhsm_algorithm *row;

        if (size != prefix_size + known->digest_size ||
            memcmp(info, known->prefix, prefix_size) != 0)
            continue;
        row = mhsm_algorithm_select(MHSM_OP_SIGN, MHSM_KEY_RSA, MHSM_CURVE_NONE,
                                    MHSM_PADDING_PKCS1, known->digest_size);
        if (row == NULL || row->digest == NULL ||
            strcmp(row->digest, known->digest) != 0)
            return NULL;
        *digest = info + prefix_size;
        *digest_size = known->digest_size;
        return row;
    }
    return NULL;
}
