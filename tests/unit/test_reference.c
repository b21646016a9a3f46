/* SPDX-License-Identifier: MIT
 *
 * Key references: what is written is read back; every truncation and every
 * changed octet is refused, or is what it would be written as.
 */
#include "reference.h"

#include <stdlib.h>

#include "base/base64url.h"

enum { text_size = 8192 };

/* A key of each kind; n of the RSA key ends in an odd octet. */
static const char *const bundles[] = {
    "{\"key\":{" KID "\"kty\":\"EC-HSM\",\"key_ops\":[\"sign\",\"verify\"],"
    "\"crv\":\"P-256\",\"x\":\"" B32 "\",\"y\":\"" B32 "\"}}",
    "{\"key\":{" KID "\"kty\":\"EC\",\"key_ops\":[\"sign\"],"
    "\"crv\":\"P-256K\",\"x\":\"" B32 "\",\"y\":\"" B32 "\"}}",
    "{\"key\":{" KID "\"kty\":\"EC-HSM\",\"crv\":\"P-384\","
    "\"x\":\"AQ\",\"y\":\"Ag\"}}",
    "{\"key\":{" KID "\"kty\":\"EC-HSM\",\"crv\":\"P-521\","
    "\"x\":\"AQ\",\"y\":\"Ag\"}}",
    "{\"key\":{" KID "\"kty\":\"oct-HSM\",\"key_ops\":[\"wrapKey\","
    "\"unwrapKey\",\"encrypt\",\"decrypt\"]},\"attributes\":{\"key_size\":192}"
    "}",
    "{\"key\":{" KID "\"kty\":\"oct-HSM\"}}",
    NULL, /* RSA */
};

static mhsm_key *key_at(size_t index)
{
    struct mhsmi_buf text, n;
    unsigned char octet;
    mhsm_key *key;
    size_t i;

    if (bundles[index] != NULL)
        return key_of(bundles[index]);
    mhsmi_buf_init(&text, text_size);
    mhsmi_buf_init(&n, text_size);
    /* 3072 bits, the top one set. */
    for (i = 0; i < 384; i++) {
        octet = (unsigned char)(i == 0 ? 0xff : i * 7 + 1 - i % 2);
        CHECK_FATAL(mhsmi_buf_append(&n, &octet, 1));
    }
    n.data[383] |= 1;
    CHECK_FATAL(mhsmi_buf_puts(&text, "{\"key\":{" KID
                                      "\"kty\":\"RSA-HSM\",\"key_ops\":["
                                      "\"sign\",\"decrypt\"],\"e\":\"AQAB\","
                                      "\"n\":\"") &&
                mhsmi_base64url_encode(&text, n.data, n.size) &&
                mhsmi_buf_puts(&text, "\"}}"));
    key = key_of(mhsmi_buf_text(&text));
    mhsmi_buf_clear(&text);
    mhsmi_buf_clear(&n);
    return key;
}

static void encode(const mhsm_key *key, unsigned char **der, size_t *size)
{
    mhsm_error *err = NULL;

    *der = NULL;
    CHECK_FATAL(mhsm_reference_encode(key, der, size, &err) == MHSM_OK);
    CHECK(err == NULL);
    CHECK(ERR_peek_error() == 0);
}

static int same_octets(const unsigned char *a, size_t a_size,
                       const unsigned char *b, size_t b_size)
{
    return a_size == b_size &&
           (a_size == 0 || (a != NULL && b != NULL && !memcmp(a, b, a_size)));
}

static int same_numbers(const mhsm_key *a, const mhsm_key *b)
{
    static const unsigned char *(*const numbers[])(
        const mhsm_key *, size_t *) = {mhsm_key_rsa_n, mhsm_key_rsa_e,
                                       mhsm_key_ec_x, mhsm_key_ec_y};
    size_t i, a_size, b_size;

    for (i = 0; i < COUNT(numbers); i++) {
        const unsigned char *x = numbers[i](a, &a_size);
        const unsigned char *y = numbers[i](b, &b_size);

        if (!same_octets(x, a_size, y, b_size))
            return 0;
    }
    return 1;
}

static void round_trips(void)
{
    mhsm_error *err = NULL;
    size_t i, size, again_size;

    for (i = 0; i < COUNT(bundles); i++) {
        unsigned char *der, *again;
        mhsm_key *key = key_at(i), *read;

        encode(key, &der, &size);
        CHECK(mhsm_reference_probe(der, MHSM_REFERENCE_PROBE) == size);
        CHECK_FATAL(decode(der, size, &read, &err) == MHSM_OK);
        CHECK_TEXT(mhsm_key_uri(read), URI);
        CHECK_TEXT(mhsm_key_id(read), mhsm_key_id(key));
        CHECK_TEXT(mhsm_key_name(read), "k1");
        CHECK_TEXT(mhsm_key_version(read), V);
        CHECK(mhsm_key_get_type(read) == mhsm_key_get_type(key));
        CHECK(mhsm_key_curve(read) == mhsm_key_curve(key));
        CHECK(mhsm_key_bits(read) == mhsm_key_bits(key));
        CHECK(mhsm_key_operations(read) == mhsm_key_operations(key));
        CHECK(mhsm_key_enabled(read) && mhsm_key_expires(read) == 0);
        CHECK(strstr(mhsm_key_json(read), "\"kid\":\"" HSM) != NULL);
        CHECK(same_numbers(key, read));
        encode(read, &again, &again_size);
        CHECK(same_octets(der, size, again, again_size));
        mhsm_reference_free(der);
        mhsm_reference_free(again);
        mhsm_key_free(read);
        mhsm_key_free(key);
    }
}

static void truncations(void)
{
    size_t i, size, cut;

    for (i = 0; i < COUNT(bundles); i++) {
        unsigned char *der;
        mhsm_key *key = key_at(i), *read;

        encode(key, &der, &size);
        for (cut = 0; cut < size; cut++) {
            /* Exactly so long, for the sanitizer to see a read past it. */
            unsigned char *part = mhsmi_alloc(cut + 1);
            mhsm_error *err = NULL;

            CHECK_FATAL(part != NULL);
            memcpy(part + 1, der, cut);
            CHECK(decode(part + 1, cut, &read, &err) == MHSM_ERR_DAMAGED);
            (void)mhsm_reference_probe(part + 1, cut);
            mhsmi_free(part);
            mhsm_error_free(&err);
        }
        mhsm_reference_free(der);
        mhsm_key_free(key);
    }
}

/* Whatever is accepted is what it would be written as, but for the names of
 * operations: newer versions of the service may add to them. */
static void judge_mutant(const unsigned char *der, size_t size)
{
    mhsm_key *read, *reread = NULL;
    mhsm_error *err = NULL;
    unsigned char *again;
    size_t again_size;

    if (decode(der, size, &read, &err) != MHSM_OK) {
        mhsm_error_free(&err);
        return;
    }
    encode(read, &again, &again_size);
    if (!same_octets(der, size, again, again_size)) {
        CHECK(again_size <= size);
        CHECK_FATAL(decode(again, again_size, &reread, &err) == MHSM_OK);
        CHECK_TEXT(mhsm_key_uri(reread), mhsm_key_uri(read));
        CHECK(mhsm_key_get_type(reread) == mhsm_key_get_type(read));
        CHECK(mhsm_key_operations(reread) == mhsm_key_operations(read));
        CHECK(same_numbers(reread, read));
    }
    mhsm_reference_free(again);
    mhsm_key_free(reread);
    mhsm_key_free(read);
}

static void every_octet_changed(void)
{
    static const unsigned char changes[] = {0x01, 0x02, 0x20, 0x80, 0xff};
    size_t i, at, change, size;

    for (i = 0; i < COUNT(bundles); i++) {
        unsigned char *der;
        mhsm_key *key = key_at(i);

        encode(key, &der, &size);
        for (at = 0; at < size; at++)
            for (change = 0; change < COUNT(changes); change++) {
                der[at] ^= changes[change];
                judge_mutant(der, size);
                der[at] ^= changes[change];
            }
        mhsm_reference_free(der);
        mhsm_key_free(key);
    }
}

static unsigned int next_random(unsigned int *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Octets changed, cut out and doubled, at places that a fixed seed chooses. */
static void mutations(void)
{
    unsigned int seed = 2463534242U, round;
    unsigned char mutant[2048];

    for (round = 0; round < 3000; round++) {
        unsigned char *der;
        mhsm_key *key = key_at(round % COUNT(bundles));
        size_t size, at, changes = 1 + next_random(&seed) % 4;

        encode(key, &der, &size);
        CHECK_FATAL(size < sizeof(mutant) / 2);
        memcpy(mutant, der, size);
        while (changes-- > 0) {
            at = next_random(&seed) % size;
            switch (next_random(&seed) % 3) {
            case 0:
                mutant[at] = (unsigned char)next_random(&seed);
                break;
            case 1:
                memmove(mutant + at, mutant + at + 1, size - at - 1);
                size -= size > 1;
                break;
            default:
                memmove(mutant + at + 1, mutant + at, size - at);
                size += size < sizeof(mutant) - 1;
                break;
            }
        }
        judge_mutant(mutant, size);
        mhsm_reference_free(der);
        mhsm_key_free(key);
    }
}

static void limits(void)
{
    static const unsigned char huge[] = {
        0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x15, 'm', 'h',
        's',  'm',  ' ',  'k',  'e',  'y',  ' ',  'r',  'e', 'f',
        'e',  'r',  'e',  'n',  'c',  'e',  ' ',  'v',  '1'};
    unsigned char *large = mhsmi_alloc(MHSM_REFERENCE_MAX + 1);
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    size_t size = 0;

    CHECK_FATAL(large != NULL);
    CHECK(mhsm_reference_probe(huge, sizeof(huge)) == 6 + (size_t)0xffffffffU);
    CHECK(decode(huge, sizeof(huge), &key, &err) == MHSM_ERR_DAMAGED);
    mhsm_error_free(&err);
    CHECK(decode(large, MHSM_REFERENCE_MAX + 1, &key, &err) ==
          MHSM_ERR_DAMAGED);
    CHECK(strstr(mhsm_error_text(err), "large") != NULL);
    mhsm_error_free(&err);
    mhsmi_free(large);
    CHECK(mhsm_reference_probe(NULL, 0) == 0);
    CHECK(mhsm_reference_decode(NULL, huge, 1, &key, NULL) ==
          MHSM_ERR_ARGUMENT);
    CHECK(mhsm_reference_decode(client, NULL, 0, &key, NULL) ==
          MHSM_ERR_ARGUMENT);
    CHECK(mhsm_reference_encode(NULL, &large, &size, NULL) ==
          MHSM_ERR_ARGUMENT);
    mhsm_reference_free(NULL);
}

/* An older queue stays as it is, whatever the outcome. */
static void error_queue(void)
{
    unsigned long before;
    mhsm_key *key = NULL;

    ERR_raise(ERR_LIB_USER, 7);
    before = ERR_peek_last_error();
    CHECK(mhsm_reference_decode(client, (const unsigned char *)"0\x03\x02\x01",
                                4, &key, NULL) == MHSM_ERR_DAMAGED);
    CHECK(ERR_peek_last_error() == before && ERR_peek_error() == before);
    ERR_clear_error();
}

/* A lack of memory while JSON is read may be called damage. */
static int try_decode(void)
{
    unsigned char *der = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    int ok, failing = fail_at;
    size_t size = 0;
    mhsm_status st;

    fail_at = 0;
    key = key_at(0);
    encode(key, &der, &size);
    mhsm_key_free(key);
    key = NULL;
    fail_at = failing;
    st = mhsm_reference_decode(client, der, size, &key, &err);
    ok = st == MHSM_OK;
    CHECK(ok == (key != NULL) && ok == (err == NULL));
    CHECK(ok || st == MHSM_ERR_MEMORY || st == MHSM_ERR_DAMAGED ||
          st == MHSM_ERR_URI);
    mhsm_error_free(&err);
    mhsm_key_free(key);
    mhsm_reference_free(der);
    return ok;
}

static int try_encode(void)
{
    static mhsm_key *key;
    unsigned char *der = NULL;
    mhsm_error *err = NULL;
    size_t size;
    int ok, failing = fail_at;

    fail_at = 0;
    key = key_at(0);
    fail_at = failing;
    ok = mhsm_reference_encode(key, &der, &size, &err) == MHSM_OK;
    CHECK(ok == (der != NULL));
    CHECK(ok || mhsm_error_status(err) == MHSM_ERR_MEMORY);
    mhsm_error_free(&err);
    mhsm_reference_free(der);
    mhsm_key_free(key);
    return ok;
}

static void memory_runs_out(void)
{
    torture(try_decode);
    torture(try_encode);
}

int main(void)
{
    static const struct check checks[] = {
        {"a client", make_client},
        {"round trips", round_trips},
        {"truncations", truncations},
        {"every octet changed", every_octet_changed},
        {"mutations", mutations},
        {"limits", limits},
        {"the error queue", error_queue},
        {"memory runs out", memory_runs_out},
        {"nothing is left", free_client},
        {NULL, NULL},
    };

    return check_main("reference", checks);
}
