/* SPDX-License-Identifier: MIT
 *
 * Sharing by the vectors: splitting with their coefficients gives their shares,
 * every quorum gives the secret, and what is malformed is refused.
 */
#include "domain/shamir.h"

#include "fixed_random.h"
#include "vectors.h"

enum {
    SECRET = 32,
    SHARE = SECRET * MHSMI_SHARE_WORD,
    POOL = 64, /* octets that are drawn at once */
};

static struct json_object *vectors;
static struct mhsmi_private_context context;

static unsigned int number(struct json_object *object, const char *name)
{
    return (unsigned int)mhsmi_json_int(object, name, 0);
}

/* The shares of a case; *size gets the octets of each. */
static unsigned int shares_of(struct json_object *test, size_t *size,
                              unsigned char (*out)[SHARE])
{
    struct json_object *list = mhsmi_json_array(test, "shares");
    size_t count = json_object_array_length(list), i;

    CHECK_FATAL(count <= MHSMI_SHARES_MAX);
    for (i = 0; i < count; i++)
        *size = hex_member(json_object_array_get_idx(list, i), "bytes_hex",
                           out[i], SHARE);
    return (unsigned int)count;
}

static void point(struct mhsmi_share *share, const unsigned char *data,
                  size_t size)
{
    share->data = data;
    share->size = size;
}

/* One set of shares, chosen by a pattern of bits. */
static void check_subset(const struct mhsmi_share *all, unsigned int count,
                         unsigned int quorum, unsigned int bits,
                         const unsigned char *secret)
{
    struct mhsmi_share chosen[MHSMI_SHARES_MAX];
    unsigned char out[SECRET];
    unsigned int used = 0, i;
    mhsm_error *err = NULL;
    mhsm_status st;

    for (i = 0; i < count; i++)
        if (bits >> i & 1)
            chosen[used++] = all[i];
    st = mhsmi_shamir_combine(chosen, used, quorum, out, &err);
    if (used < quorum) {
        CHECK(st == MHSM_ERR_ARGUMENT);
        CHECK(strstr(mhsm_error_message(err), "but the quorum is") != NULL);
    } else {
        CHECK(st == MHSM_OK);
        CHECK(memcmp(out, secret, all[0].size / 2) == 0);
    }
    mhsm_error_free(&err);
}

static void loading(void)
{
    vectors = vector_json("shamir.json");
    CHECK(mhsmi_private_context_open(&context, NULL) == MHSM_OK);
}

static void combining(void)
{
    static unsigned char all[MHSMI_SHARES_MAX][SHARE];
    struct json_object *cases = mhsmi_json_array(vectors, "cases");
    size_t i, size = 0;

    CHECK(json_object_array_length(cases) == 11);
    for (i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        unsigned int quorum = number(test, "m"), bits, j;
        unsigned char secret[SECRET], out[SECRET];
        struct mhsmi_share shares[MHSMI_SHARES_MAX];
        unsigned int count = shares_of(test, &size, all);

        CHECK(count == number(test, "n"));
        CHECK(hex_member(test, "secret_hex", secret, SECRET) == size / 2);
        for (j = 0; j < count; j++)
            point(&shares[j], all[j], size);
        for (bits = 0; count <= 10 && bits < 1U << count; bits++)
            check_subset(shares, count, quorum, bits, secret);
        /* All of them, and the last ones alone. */
        CHECK(mhsmi_shamir_combine(shares, count, quorum, out, NULL) ==
              MHSM_OK);
        CHECK(memcmp(out, secret, size / 2) == 0);
        CHECK(mhsmi_shamir_combine(shares + count - quorum, quorum, quorum, out,
                                   NULL) == MHSM_OK);
        CHECK(memcmp(out, secret, size / 2) == 0);
    }
}

/* The coefficients of an octet, low degree first, in the pools that the
 * splitter draws for it. */
static void feed(struct json_object *coefficients)
{
    size_t count = json_object_array_length(coefficients), i;
    unsigned char pools[MHSMI_SHARES_MAX * 2 + POOL] = {0};

    for (i = 0; i < count; i++) {
        int value =
            json_object_get_int(json_object_array_get_idx(coefficients, i));

        pools[2 * i] = (unsigned char)value;
        /* The upper bits are not looked at. */
        pools[2 * i + 1] = (unsigned char)(0xfe | value >> 8);
    }
    fixed_random_feed(pools, (2 * count + POOL - 1) / POOL * POOL);
}

static void splitting(void)
{
    static unsigned char all[MHSMI_SHARES_MAX][SHARE];
    static unsigned char made[MHSMI_SHARES_MAX * SHARE];
    struct json_object *cases = mhsmi_json_array(vectors, "cases");
    size_t i, j, size = 0, octets, checked = 0;

    for (i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        struct json_object *coefficients =
            mhsmi_json_array(test, "coefficients_x1_up");
        unsigned int count = shares_of(test, &size, all), k;
        unsigned char secret[SECRET];

        if (coefficients == NULL)
            continue; /* one case does not tell them */
        octets = hex_member(test, "secret_hex", secret, SECRET);
        fixed_random_reset();
        for (j = 0; j < octets; j++)
            feed(json_object_array_get_idx(coefficients, j));
        CHECK(mhsmi_shamir_split(context.lib, secret, octets, number(test, "m"),
                                 count, made, NULL) == MHSM_OK);
        CHECK(fixed_random_left() == 0);
        for (k = 0; k < count; k++)
            CHECK(memcmp(made + k * size, all[k], size) == 0);
        checked++;
    }
    CHECK(checked == 10);
}

/* Draws above 256 are left out. */
static void drawing(void)
{
    static const unsigned char pool[POOL] = {0xff, 0x01, 0x01, 0x01, 7, 0};
    static const unsigned char secret[1] = {1};
    unsigned char made[3 * MHSMI_SHARE_WORD];
    mhsm_error *err = NULL;

    fixed_random_reset();
    fixed_random_feed(pool, sizeof(pool));
    CHECK(mhsmi_shamir_split(context.lib, secret, 1, 2, 3, made, NULL) ==
          MHSM_OK);
    CHECK(made[0] == 8 && made[1] == 1 << 1);
    CHECK(made[4] == 22 && made[5] == 3 << 1);
    /* A generator that fails. */
    fixed_random_reset();
    fixed_random_feed(pool, POOL - 1);
    CHECK(mhsmi_shamir_split(context.lib, secret, 1, 2, 3, made, &err) ==
          MHSM_ERR_INTERNAL);
    mhsm_error_free(&err);
    fixed_random_reset();
    CHECK(mhsmi_shamir_split(context.lib, secret, 1, 1, 3, made, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(mhsmi_shamir_split(context.lib, secret, 1, 4, 3, made, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(mhsmi_shamir_split(context.lib, secret, 1, 2, 127, made, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
}

static void nine_bits(void)
{
    struct json_object *rows = mhsmi_json_array(vectors, "nine_bit_values");
    size_t i, a, b;

    for (i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct json_object *words = mhsmi_json_array(row, "words");
        unsigned char octets[3][MHSMI_SHARE_WORD], out = 0;

        for (a = 0; a < 3; a++) {
            int word = json_object_get_int(json_object_array_get_idx(words, a));

            octets[a][0] = (unsigned char)word;
            octets[a][1] = (unsigned char)(word >> 8);
        }
        for (a = 0; a < 3; a++)
            for (b = 0; b < 3; b++) {
                struct mhsmi_share pair[2] = {{octets[a], 2}, {octets[b], 2}};

                if (a == b)
                    continue;
                CHECK(mhsmi_shamir_combine(pair, 2, 2, &out, NULL) == MHSM_OK);
                CHECK(out == number(row, "secret"));
            }
    }
}

static void refused(void)
{
    /* In the order of the vectors. */
    static const char *const words_of_error[] = {
        "x = 1 is there twice",
        "x is 0",
        "a value above 256",
        "do not belong together",
        "2 shares, but the quorum is 3",
        "x is not the same",
        "not of one length",
    };
    struct json_object *rows = mhsmi_json_array(vectors, "must_reject");
    size_t i, j, k;

    CHECK_FATAL(json_object_array_length(rows) ==
                sizeof(words_of_error) / sizeof(words_of_error[0]));
    for (i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct json_object *lists = mhsmi_json_array(row, "words");
        struct mhsmi_share shares[2];
        unsigned char octets[2][4], out[2] = {0};
        mhsm_error *err = NULL;

        for (j = 0; j < 2; j++) {
            struct json_object *list = json_object_array_get_idx(lists, j);

            for (k = 0; k < json_object_array_length(list); k++) {
                int word =
                    json_object_get_int(json_object_array_get_idx(list, k));

                octets[j][2 * k] = (unsigned char)word;
                octets[j][2 * k + 1] = (unsigned char)(word >> 8);
            }
            shares[j].data = octets[j];
            shares[j].size = 2 * k;
        }
        CHECK(mhsmi_shamir_combine(shares, 2, number(row, "m"), out, &err) !=
              MHSM_OK);
        CHECK(strstr(mhsm_error_message(err), words_of_error[i]) != NULL);
        CHECK(out[0] == 0 && out[1] == 0);
        mhsm_error_free(&err);
    }
}

/* Lengths that are no words, more shares than there can be, and a third share
 * that is well formed and yet not of this secret. */
static void refused_too(void)
{
    static unsigned char all[MHSMI_SHARES_MAX][SHARE];
    struct json_object *test =
        json_object_array_get_idx(mhsmi_json_array(vectors, "cases"), 0);
    struct mhsmi_share shares[3];
    unsigned char out[SECRET];
    mhsm_error *err = NULL;
    unsigned int x = 0, i;
    size_t size = 0;

    CHECK_FATAL(shares_of(test, &size, all) == 3 && size == SHARE);
    for (i = 0; i < 3; i++)
        point(&shares[i], all[i], SHARE);
    CHECK(mhsmi_share_check(&shares[2], &x, NULL) == MHSM_OK);
    CHECK(x == 3);
    shares[2].size--;
    CHECK(mhsmi_share_check(&shares[2], &x, &err) == MHSM_ERR_DAMAGED);
    CHECK(strstr(mhsm_error_message(err), "63 octets") != NULL);
    mhsm_error_free(&err);
    shares[2].size = 0;
    CHECK(mhsmi_share_check(&shares[2], &x, NULL) == MHSM_ERR_DAMAGED);
    shares[2].size = SHARE;
    all[2][SHARE - 2] ^= 1;
    CHECK(mhsmi_shamir_combine(shares, 3, 2, out, &err) == MHSM_ERR_DAMAGED);
    CHECK(strstr(mhsm_error_message(err), "do not belong together") != NULL);
    mhsm_error_free(&err);
    CHECK(mhsmi_shamir_combine(shares, 127, 2, out, NULL) == MHSM_ERR_ARGUMENT);
    CHECK(mhsmi_shamir_combine(shares, 2, 1, out, NULL) == MHSM_ERR_ARGUMENT);
}

int main(void)
{
    static const struct check checks[] = {
        {"loading", loading},           {"combining", combining},
        {"splitting", splitting},       {"drawing", drawing},
        {"nine-bit values", nine_bits}, {"refused", refused},
        {"refused, too", refused_too},  {NULL, NULL}};
    int bad = check_main("shamir", checks);

    mhsmi_private_context_close(&context);
    json_object_put(vectors);
    return bad;
}
