/* SPDX-License-Identifier: MIT
 *
 * Splitting and combining.  The field's arithmetic takes the same time for all
 * operands: 2^8 is -1 modulo 257, so that remainders come from shifts, and an
 * inverse is a power.
 */
#include "domain/shamir.h"

#include <stdint.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/buf.h"

enum { prime = 257, value_bits = 9, value_mask = 0x1ff, draw_size = 64 };

/* All ones when a < b, else 0; both below 2^31. */
static uint32_t less(uint32_t a, uint32_t b)
{
    return 0U - ((a - b) >> 31);
}

/* v modulo 257, for v below 2^24. */
static uint32_t reduce(uint32_t v)
{
    v = (v & 0xff) + prime * 256 - (v >> 8);
    v = (v & 0xff) + prime * 2 - (v >> 8);
    v -= prime & ~less(v, prime);
    v -= prime & ~less(v, prime);
    return v;
}

static uint32_t multiply(uint32_t a, uint32_t b)
{
    return reduce(a * b);
}

/* a^255, which is 1/a: 257 is prime. */
static uint32_t inverse(uint32_t a)
{
    uint32_t power = 1;
    int i;

    for (i = 0; i < 8; i++)
        power = multiply(multiply(power, power), a);
    return power;
}

static uint32_t word_at(const struct mhsmi_share *share, size_t i)
{
    return (uint32_t)share->data[2 * i] | (uint32_t)share->data[2 * i + 1] << 8;
}

mhsm_status mhsmi_share_check(const struct mhsmi_share *share, unsigned int *x,
                              mhsm_error **err)
{
    size_t words = share->size / MHSMI_SHARE_WORD, i;
    uint32_t first, mixed = 0, over = 0;

    if (words == 0 || share->size % MHSMI_SHARE_WORD != 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the share has %zu octets, which are no 16-bit "
                           "words",
                           share->size);
    first = word_at(share, 0) >> value_bits;
    for (i = 0; i < words; i++) {
        uint32_t word = word_at(share, i);

        mixed |= (word >> value_bits) ^ first;
        over |= less(prime - 1, word & value_mask);
    }
    if (mixed != 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the share's x is not the same in all its words");
    if (first == 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "the share's x is 0");
    if (over != 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the share has a value above 256");
    *x = first;
    return MHSM_OK;
}

/* Uniform in the field: of nine random bits, what is above 256 is drawn anew.
 * That tells how often, and nothing of what was kept. */
static mhsm_status draw(OSSL_LIB_CTX *lib, uint16_t *values, size_t count,
                        mhsm_error **err)
{
    unsigned char pool[draw_size];
    size_t used = sizeof(pool), i = 0;
    mhsm_status st = MHSM_OK;

    while (i < count) {
        if (used == sizeof(pool)) {
            if (RAND_priv_bytes_ex(lib, pool, sizeof(pool), 0) != 1) {
                st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                                 "OpenSSL gives no random numbers");
                break;
            }
            used = 0;
        }
        values[i] = (uint16_t)((pool[used] | pool[used + 1] << 8) & value_mask);
        used += 2;
        i += less(values[i], prime) & 1;
    }
    OPENSSL_cleanse(pool, sizeof(pool));
    return st;
}

mhsm_status mhsmi_shamir_split(OSSL_LIB_CTX *lib, const unsigned char *secret,
                               size_t size, unsigned int quorum,
                               unsigned int count, unsigned char *shares,
                               mhsm_error **err)
{
    uint16_t coefficients[MHSMI_SHARES_MAX] = {0};
    mhsm_status st = MHSM_OK;
    unsigned int x, degree;
    size_t i;

    if (quorum < 2 || quorum > count || count > MHSMI_SHARES_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%u of %u shares: at least 2 of at most %d", quorum,
                           count, (int)MHSMI_SHARES_MAX);
    for (i = 0; st == MHSM_OK && i < size; i++) {
        st = draw(lib, coefficients, quorum - 1, err);
        for (x = 1; st == MHSM_OK && x <= count; x++) {
            unsigned char *word =
                shares + ((x - 1) * size + i) * MHSMI_SHARE_WORD;
            uint32_t value = 0;

            for (degree = quorum - 1; degree > 0; degree--)
                value = multiply(reduce(value + coefficients[degree - 1]), x);
            value = reduce(value + secret[i]) | x << value_bits;
            word[0] = (unsigned char)value;
            word[1] = (unsigned char)(value >> 8);
        }
    }
    OPENSSL_cleanse(coefficients, sizeof(coefficients));
    return st;
}

/* Lagrange's weights for the value at `at`. */
static void weigh(const unsigned int *x, unsigned int count, unsigned int at,
                  uint32_t *weights)
{
    unsigned int i, j;

    for (i = 0; i < count; i++) {
        uint32_t above = 1, below = 1;

        for (j = 0; j < count; j++) {
            if (j == i)
                continue;
            above = multiply(above, reduce(prime + at - x[j]));
            below = multiply(below, reduce(prime + x[i] - x[j]));
        }
        weights[i] = multiply(above, inverse(below));
    }
}

static uint32_t interpolate(const struct mhsmi_share *shares,
                            const uint32_t *weights, unsigned int count,
                            size_t i)
{
    uint32_t sum = 0;
    unsigned int j;

    for (j = 0; j < count; j++)
        sum = reduce(sum +
                     multiply(weights[j], word_at(&shares[j], i) & value_mask));
    return sum;
}

static mhsm_status check_all(const struct mhsmi_share *shares,
                             unsigned int count, unsigned int *x,
                             mhsm_error **err)
{
    unsigned int i, j;
    mhsm_status st;

    for (i = 0; i < count; i++) {
        st = mhsmi_share_check(&shares[i], &x[i], err);
        if (st != MHSM_OK)
            return st;
        if (shares[i].size != shares[0].size)
            return mhsmi_error(err, MHSM_ERR_DAMAGED,
                               "the shares are not of one length: %zu and %zu "
                               "octets",
                               shares[0].size, shares[i].size);
        for (j = 0; j < i; j++)
            if (x[i] == x[j])
                return mhsmi_error(err, MHSM_ERR_DAMAGED,
                                   "the share with x = %u is there twice",
                                   x[i]);
    }
    return MHSM_OK;
}

/* The others lie on the polynomials of the first. */
static int agree(const struct mhsmi_share *shares, const unsigned int *x,
                 unsigned int count, unsigned int quorum, uint32_t *weights)
{
    size_t words = shares[0].size / MHSMI_SHARE_WORD, i;
    uint32_t differ = 0;
    unsigned int j;

    for (j = quorum; j < count; j++) {
        weigh(x, quorum, x[j], weights);
        for (i = 0; i < words; i++)
            differ |= interpolate(shares, weights, quorum, i) ^
                      (word_at(&shares[j], i) & value_mask);
    }
    return differ == 0;
}

mhsm_status mhsmi_shamir_combine(const struct mhsmi_share *shares,
                                 unsigned int count, unsigned int quorum,
                                 unsigned char *secret, mhsm_error **err)
{
    uint32_t weights[MHSMI_SHARES_MAX], over = 0;
    unsigned int x[MHSMI_SHARES_MAX] = {0};
    mhsm_status st;
    size_t size, i;

    if (quorum < 2 || count > MHSMI_SHARES_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%u shares with a quorum of %u: at most %d, and at "
                           "least 2",
                           count, quorum, (int)MHSMI_SHARES_MAX);
    if (count < quorum)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%u shares, but the quorum is %u", count, quorum);
    st = check_all(shares, count, x, err);
    if (st != MHSM_OK)
        return st;
    size = shares[0].size / MHSMI_SHARE_WORD;
    weigh(x, quorum, 0, weights);
    for (i = 0; i < size; i++) {
        uint32_t value = interpolate(shares, weights, quorum, i);

        over |= value >> 8;
        secret[i] = (unsigned char)value;
    }
    if (over == 0 && agree(shares, x, count, quorum, weights))
        return MHSM_OK;
    OPENSSL_cleanse(secret, size);
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "the shares do not belong together");
}
