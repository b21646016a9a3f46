/* SPDX-License-Identifier: MIT
 *
 * The security-domain file: read, written again octet for octet, and refused
 * with the part and the holder when anything in it is not as it should be.
 */
#include <openssl/err.h>

#include "domain/domain.h"
#include "holders.h"

static const char *const thumbprints[VECTOR_HOLDERS] = {
    "YAzHlXoGZElzm3W9LfrEcYG9D9sferyrdEHj2Ktx2sw",
    "RiBLAi7hmdj6LInGrC_FDr5tdH6ceE3RoPzR6Ni54GY",
    "bf9bkwlTFQuE41Q6nd9TqFswwS0tWhftpLH0WOZHDsI",
};

static void reading(void)
{
    static const char *const tags[] = {"hsm_backup", "base_enclave_backup",
                                       "partition_enclave_backup"};
    mhsm_security_domain *domain = domain_of("sd_3of2/sd.json");
    struct mhsmi_buf text, out;
    size_t i;

    CHECK(mhsm_security_domain_version(domain) == 2);
    CHECK(mhsm_security_domain_quorum(domain) == 2);
    CHECK_FATAL(mhsm_security_domain_holder_count(domain) == VECTOR_HOLDERS);
    CHECK_FATAL(mhsm_security_domain_data_count(domain) == 3);
    for (i = 0; i < 3; i++) {
        CHECK_TEXT(mhsm_security_domain_holder_thumbprint(domain, i),
                   thumbprints[i]);
        CHECK(mhsm_security_domain_holder_damage(domain, i) == NULL);
        CHECK_TEXT(mhsm_security_domain_data_tag(domain, i), tags[i]);
    }
    vector_read(&text, "sd_3of2/sd.json");
    mhsmi_buf_init(&out, MHSM_DOMAIN_SIZE_MAX);
    CHECK(mhsmi_domain_write(domain, &out));
    CHECK(out.size == text.size);
    CHECK(memcmp(out.data, text.data, out.size) == 0);
    mhsmi_buf_clear(&out);
    mhsmi_buf_clear(&text);
    mhsm_security_domain_free(domain);
    mhsm_security_domain_free(NULL);
}

/* How a file among the negative ones ends, with the keys of holders 0 and 1, or
 * of all three. */
struct negative {
    const char *name;
    mhsm_status two, three;
    const char *text;
};

static mhsm_status verify(const struct negative *row, int keys,
                          mhsm_error **err)
{
    mhsm_security_domain *domain = NULL;
    mhsm_domain_opening *opening = NULL;
    struct mhsmi_buf text;
    mhsm_status st;
    char path[128];
    int i;

    (void)snprintf(path, sizeof(path), "negative/%s.json", row->name);
    vector_read(&text, path);
    st = mhsm_security_domain_decode(text.data, text.size, &domain, err);
    mhsmi_buf_clear(&text);
    if (st == MHSM_OK)
        st = mhsm_domain_opening_new(domain, &opening, err);
    for (i = 0; st == MHSM_OK && i < keys; i++) {
        mhsm_wrapping_key *key = vector_holder(i);

        st = mhsm_domain_opening_add_key(opening, key, err);
        mhsm_wrapping_key_free(key);
    }
    if (st == MHSM_OK)
        st = mhsm_domain_opening_verify(opening, err);
    mhsm_domain_opening_free(opening);
    mhsm_security_domain_free(domain);
    return st;
}

#define HOLDER_0                                                               \
    "SharedKeys.enc_shares[0] (holder CN=sd cert 0, "                          \
    "YAzHlXoGZElzm3W9LfrEcYG9D9sferyrdEHj2Ktx2sw): "
#define SHARE_0                                                                \
    "SharedKeys.enc_shares[0] (holder "                                        \
    "YAzHlXoGZElzm3W9LfrEcYG9D9sferyrdEHj2Ktx2sw): "

static void negatives(void)
{
    static const struct negative rows[] = {
        {"data0_changed", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "EncData.data[0] (hsm_backup): the authentication tag does not fit"},
        {"data0_changed_and_tag_cut_16", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "the security domain: EncData.data[0] (hsm_backup): its "
         "authentication tag has 16 octets, not 32"},
        {"data0_tag_renamed", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "EncData.data[0] ("},
        {"data_empty", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "there is nothing to restore"},
        {"empty_object", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "it has no object EncData"},
        {"kdf_missing", MHSM_OK, MHSM_OK, ""},
        {"kdf_other", MHSM_ERR_UNSUPPORTED, MHSM_ERR_UNSUPPORTED,
         "EncData.kdf is not sp108_kdf but "},
        {"key_algorithm_other", MHSM_ERR_UNSUPPORTED, MHSM_ERR_UNSUPPORTED,
         "SharedKeys.key_algorithm is not shamir_share but xor_split"},
        {"no_encdata", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "it has no object EncData"},
        {"no_sharedkeys", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "it has no object SharedKeys"},
        {"not_json", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "it is no JSON object"},
        {"required_1", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "SharedKeys.required is no number from 2 to 10"},
        {"required_11", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "SharedKeys.required is no number from 2 to 10"},
        {"required_3", MHSM_ERR_ARGUMENT, MHSM_OK,
         "2 of the holders are there, but the quorum is 3"},
        {"share0_tag_changed", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         HOLDER_0 "the authentication tag does not fit"},
        {"share0_tag_cut_16", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         SHARE_0 "its authentication tag has 16 octets, not 32 (CN=sd cert "
                 "0)"},
        {"share_jwe_4_parts", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "it has 4 parts, not 5"},
        {"share_x5t_swapped", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "the private key does not open it"},
        {"share_x5t_unknown", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "SharedKeys.enc_shares[1]: the holder "
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA is there twice"},
        {"version_3", MHSM_ERR_UNSUPPORTED, MHSM_ERR_UNSUPPORTED,
         "its version is not 2"},
        {"version_missing", MHSM_OK, MHSM_OK, ""},
        {"zero_bytes", MHSM_ERR_DAMAGED, MHSM_ERR_DAMAGED,
         "the security domain is empty"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_error *err = NULL;

        if (verify(&rows[i], 2, &err) != rows[i].two)
            (void)fprintf(stderr, "%s, two keys:\n", rows[i].name);
        check_error(&err, rows[i].two,
                    rows[i].two != MHSM_OK ? rows[i].text : "");
        (void)!verify(&rows[i], VECTOR_HOLDERS, &err);
        check_error(&err, rows[i].three,
                    rows[i].three != MHSM_OK ? rows[i].text : "");
    }
    CHECK(ERR_peek_error() == 0);
}

/* A share that is malformed is told, and the others still open the file. */
static void one_damaged(void)
{
    mhsm_security_domain *domain = domain_of("negative/share0_tag_cut_16.json");
    mhsm_domain_opening *opening = opening_of(domain);
    const mhsm_error *damage = mhsm_security_domain_holder_damage(domain, 0);
    mhsm_wrapping_key *key;
    mhsm_error *err = NULL;
    int i;

    CHECK_TEXT(mhsm_error_message(damage),
               SHARE_0 "its authentication tag has 16 octets, not 32");
    CHECK(mhsm_security_domain_holder_damage(domain, 1) == NULL);
    key = vector_holder(0);
    CHECK(mhsm_domain_opening_add_key(opening, key, &err) == MHSM_ERR_DAMAGED);
    mhsm_error_free(&err);
    mhsm_wrapping_key_free(key);
    for (i = 1; i < VECTOR_HOLDERS; i++) {
        key = vector_holder(i);
        CHECK(!mhsm_domain_opening_has(opening, (size_t)i));
        CHECK(mhsm_domain_opening_add_key(opening, key, NULL) == MHSM_OK);
        CHECK(mhsm_domain_opening_has(opening, (size_t)i));
        mhsm_wrapping_key_free(key);
    }
    CHECK(mhsm_domain_opening_count(opening) == 2);
    CHECK(mhsm_domain_opening_verify(opening, NULL) == MHSM_OK);
    mhsm_domain_opening_free(opening);
    mhsm_security_domain_free(domain);
}

#define X43 "YAzHlXoGZElzm3W9LfrEcYG9D9sferyrdEHj2Ktx2sw"
#define Y43 "bf9bkwlTFQuE41Q6nd9TqFswwS0tWhftpLH0WOZHDsI"
#define JWE                                                                    \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.." IV "." IV "." TAG
#define WRAP                                                                   \
    "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.AAAA." IV     \
    "." IV "." TAG
#define IV    "AAAAAAAAAAAAAAAAAAAAAA"
#define TAG   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define DATUM "{\"compact_jwe\":\"" JWE "\",\"tag\":\"a\"}"
#define DATA  "\"EncData\":{\"data\":[" DATUM "],\"kdf\":\"sp108_kdf\"}"
#define KEYS(shares, required)                                                 \
    "\"SharedKeys\":{\"enc_shares\":" shares                                   \
    ",\"key_algorithm\":\"shamir_share\",\"required\":" required "}"
#define SHARE(x) "{\"enc_key\":\"" WRAP "\",\"x5t_256\":\"" x "\"}"
#define SHARES   "[" SHARE(X43) "," SHARE(Y43) "]"

static void refuse(const char *text, mhsm_status status, const char *why)
{
    mhsm_security_domain *domain = NULL;
    mhsm_error *err = NULL;

    CHECK(mhsm_security_domain_decode((const unsigned char *)text, strlen(text),
                                      &domain, &err) == status);
    CHECK(domain == NULL);
    check_error(&err, status, why);
}

static void refused(void)
{
    static const unsigned char octet[1] = {'{'};
    static char many[MHSM_DOMAIN_SIZE_MAX + 2];
    mhsm_security_domain *domain = NULL;
    mhsm_error *err = NULL;
    size_t i, at;

    refuse("[]", MHSM_ERR_DAMAGED, "it is no JSON object");
    refuse("{} {}", MHSM_ERR_DAMAGED, "it is no JSON object");
    refuse("{\"version\":\"2\"," DATA "}", MHSM_ERR_UNSUPPORTED,
           "its version is not 2");
    refuse("{\"version\":1," DATA "}", MHSM_ERR_UNSUPPORTED,
           "its version is not 2");
    refuse("{\"EncData\":[]}", MHSM_ERR_DAMAGED, "it has no object EncData");
    refuse("{\"EncData\":{\"kdf\":1}}", MHSM_ERR_UNSUPPORTED,
           "EncData.kdf is not sp108_kdf but no string");
    refuse("{\"EncData\":{\"data\":{}}}", MHSM_ERR_DAMAGED,
           "EncData.data is not a list");
    refuse("{\"EncData\":{\"data\":[1]}}", MHSM_ERR_DAMAGED,
           "EncData.data[0] has no tag");
    refuse("{\"EncData\":{\"data\":[{\"tag\":\"a\"}]}}", MHSM_ERR_DAMAGED,
           "EncData.data[0] (a) has no compact_jwe");
    refuse("{\"EncData\":{\"data\":[" DATUM "," DATUM "]}}", MHSM_ERR_DAMAGED,
           "EncData.data[0] and [1] have the same tag a");
    refuse("{\"EncData\":{\"data\":[{\"tag\":\"a\",\"compact_jwe\":\"" WRAP
           "\"}]}}",
           MHSM_ERR_DAMAGED, "EncData.data[0] (a): its alg is not dir");
    refuse("{" DATA ",\"SharedKeys\":{}}", MHSM_ERR_UNSUPPORTED,
           "is not shamir_share but no string");
    refuse("{" DATA "," KEYS("{}", "2") "}", MHSM_ERR_DAMAGED,
           "enc_shares is not a list");
    refuse("{" DATA "," KEYS("[]", "2") "}", MHSM_ERR_DAMAGED,
           "enc_shares is not a list");
    refuse("{" DATA "," KEYS(SHARES, "3") "}", MHSM_ERR_DAMAGED,
           "or more than the 2 shares");
    refuse("{" DATA "," KEYS(SHARES, "\"2\"") "}", MHSM_ERR_DAMAGED,
           "required is no number");
    refuse("{" DATA "," KEYS("[1,2]", "2") "}", MHSM_ERR_DAMAGED,
           "enc_shares[0] has no x5t_256");
    refuse("{" DATA "," KEYS("[" SHARE(X43) "," SHARE("x") "]", "2") "}",
           MHSM_ERR_DAMAGED, "enc_shares[1] has no x5t_256");
    refuse("{" DATA "," KEYS("[" SHARE(X43) "," SHARE(X43) "]", "2") "}",
           MHSM_ERR_DAMAGED,
           "enc_shares[1]: the holder " X43 " is there twice");

    /* More entries than there may be, and more octets. */
    at = (size_t)snprintf(many, sizeof(many), "{\"EncData\":{\"data\":[1");
    for (i = 0; i < MHSMI_DATA_MAX; i++)
        at += (size_t)snprintf(many + at, sizeof(many) - at, ",1");
    (void)snprintf(many + at, sizeof(many) - at, "]}}");
    refuse(many, MHSM_ERR_DAMAGED, "not a list of 1 to 64 entries");
    memset(many, ' ', sizeof(many) - 1);
    refuse(many, MHSM_ERR_DAMAGED, "larger than 1048576 octets");
    CHECK(mhsm_security_domain_decode(NULL, 1, &domain, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(mhsm_security_domain_decode(octet, 1, NULL, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
}

static void damage_of(const char *share, const char *why)
{
    char text[4096];
    mhsm_security_domain *domain = NULL;

    (void)snprintf(text, sizeof(text),
                   "{" DATA "," KEYS("[" SHARE(X43) ",%s]", "2") "}", share);
    CHECK(mhsm_security_domain_decode((const unsigned char *)text, strlen(text),
                                      &domain, NULL) == MHSM_OK);
    CHECK_FATAL(domain != NULL);
    CHECK(mhsm_security_domain_holder_damage(domain, 0) == NULL);
    CHECK_TEXT(
        mhsm_error_message(mhsm_security_domain_holder_damage(domain, 1)), why);
    mhsm_security_domain_free(domain);
}

static void damages(void)
{
#define WHICH "SharedKeys.enc_shares[1] (holder " Y43 "): "
    damage_of("{\"x5t_256\":\"" Y43 "\"}", WHICH "it has no enc_key");
    damage_of("{\"enc_key\":\"" JWE "\",\"x5t_256\":\"" Y43 "\"}",
              WHICH "its alg is not RSA-OAEP-256");
    damage_of("{\"enc_key\":\"x\",\"x5t_256\":\"" Y43 "\"}",
              WHICH "it has 1 parts, not 5");
}

int main(void)
{
    static const struct check checks[] = {
        {"reading", reading},         {"negatives", negatives},
        {"one damaged", one_damaged}, {"refused", refused},
        {"damages", damages},         {NULL, NULL}};

    return check_main("domain", checks);
}
