/* SPDX-License-Identifier: MIT
 *
 * Shamir's sharing over GF(257), a polynomial for each byte of the key.
 */
#include "domain.h"

#include <openssl/rand.h>

#define PRIME 257

/* Uniform below 257. */
static int draw(unsigned *value)
{
    unsigned char raw[2];

    do {
        if (RAND_bytes(raw, sizeof(raw)) != 1)
            return 0;
        *value = (raw[0] | (unsigned)raw[1] << 8) & 0x1ff;
    } while (*value >= PRIME);
    return 1;
}

int emu_domain_split(const unsigned char *key, unsigned quorum, size_t count,
                     unsigned char *shares)
{
    unsigned terms[EMU_DOMAIN_HOLDERS], degree;
    size_t i, j;

    for (i = 0; i < EMU_DOMAIN_KEY; i++) {
        terms[0] = key[i];
        for (degree = 1; degree < quorum; degree++)
            if (!draw(&terms[degree]))
                return 0;
        for (j = 0; j < count; j++) {
            unsigned x = (unsigned)j + 1, power = 1, sum = 0, word;

            for (degree = 0; degree < quorum; degree++) {
                sum = (sum + terms[degree] * power) % PRIME;
                power = power * x % PRIME;
            }
            word = x << 9 | sum;
            shares[j * EMU_DOMAIN_SHARE + 2 * i] = (unsigned char)word;
            shares[j * EMU_DOMAIN_SHARE + 2 * i + 1] =
                (unsigned char)(word >> 8);
        }
    }
    return 1;
}
