/* SPDX-License-Identifier: MIT
 *
 * Implicit rejection after the idea of the IRTF's guidance for RSA
 * implementations: length and content come from a keyed pseudo-random function
 * of the ciphertext.  The key is random and belongs to the key object, since
 * the private exponent is in the HSM.  The service's answer itself, 400 or
 * 200, is visible on the wire as a length and a time: this hides it from the
 * peer of the application, not from an eavesdropper between us and the HSM,
 * which is one reason why PKCS#1 v1.5 decryption is off unless configured.
 * Must never branch on, or index by, anything that depends on the padding.
 */
#include "pkcs1_reject.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "err.h"
#include "local.h"

#define BLOCK      32  /* HMAC-SHA-256 */
#define CANDIDATES 128 /* of which all are too long with odds of 2^-128 */
#define OVERHEAD   11  /* RFC 8017 section 7.2.1 */

/* All ones when the top bit is set. */
static size_t mask_of_top_bit(size_t value)
{
    return (size_t)0 - (value >> (sizeof(value) * 8 - 1));
}

static size_t mask_less(size_t a, size_t b)
{
    return mask_of_top_bit(a ^ ((a ^ b) | ((a - b) ^ b)));
}

unsigned char mp_ct_equal(size_t a, size_t b)
{
    size_t difference = a ^ b;

    return (unsigned char)mask_of_top_bit(~difference & (difference - 1));
}

void mp_ct_select(unsigned char mask, unsigned char *to,
                  const unsigned char *yes, const unsigned char *no,
                  size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)((yes[i] & mask) | (no[i] & ~mask));
}

size_t mp_ct_select_size(unsigned char mask, size_t yes, size_t no)
{
    size_t wide = (size_t)0 - (size_t)(mask & 1);

    return (yes & wide) | (no & ~wide);
}

static int hmac(struct mp_prov *prov, const unsigned char key[BLOCK],
                const unsigned char *data, size_t size,
                unsigned char out[BLOCK])
{
    size_t length = 0;

    return EVP_Q_mac(mp_local_libctx(prov), "HMAC", NULL, "SHA256", NULL, key,
                     BLOCK, data, size, out, BLOCK, &length) != NULL &&
           length == BLOCK;
}

/* `size` octets of the stream named by `label`, one HMAC a block. */
static int expand(struct mp_prov *prov, const unsigned char key[BLOCK],
                  unsigned char label, unsigned char *out, size_t size)
{
    unsigned char block[BLOCK];
    unsigned char input[3] = {label, 0, 0};
    int ok = 1;

    for (size_t done = 0, counter = 0; ok && done < size; counter++) {
        size_t part = size - done < BLOCK ? size - done : BLOCK;

        input[1] = (unsigned char)(counter >> 8);
        input[2] = (unsigned char)counter;
        ok = hmac(prov, key, input, sizeof(input), block);
        if (ok)
            memcpy(out + done, block, part);
        done += part;
    }
    OPENSSL_cleanse(block, sizeof(block));
    return ok;
}

/* The last candidate that is not too long. */
static size_t pick_length(const unsigned char candidates[2 * CANDIDATES],
                          size_t longest)
{
    size_t bits = longest, length = 0;

    for (unsigned int shift = 1; shift < 16; shift <<= 1)
        bits |= bits >> shift;
    for (size_t i = 0; i < CANDIDATES; i++) {
        size_t candidate =
            (((size_t)candidates[2 * i] << 8) | candidates[2 * i + 1]) & bits;
        size_t good = mask_less(candidate, longest + 1);

        length = (candidate & good) | (length & ~good);
    }
    return length;
}

int mp_reject_message(const struct mp_key *key, const unsigned char *ciphertext,
                      size_t size, unsigned char *message, size_t *length)
{
    unsigned char derived[BLOCK], candidates[2 * CANDIDATES];
    struct mp_mark mark;
    int ok;

    mp_mark_set(&mark);
    ok = size > OVERHEAD &&
         hmac(key->prov, key->reject_secret, ciphertext, size, derived) &&
         expand(key->prov, derived, 'l', candidates, sizeof(candidates)) &&
         expand(key->prov, derived, 'm', message, size);
    if (ok) {
        *length = pick_length(candidates, size - OVERHEAD);
        mp_mark_drop(&mark);
    } else {
        mp_raise_local(key->prov, &mark, MP_R_LOCAL,
                       "cannot make the substitute of a message");
    }
    OPENSSL_cleanse(derived, sizeof(derived));
    OPENSSL_cleanse(candidates, sizeof(candidates));
    return ok;
}
