/* SPDX-License-Identifier: MIT
 *
 * KeyBundles: what the service sends, and everything that must be refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "check.h"
#include "keys/jwk.h"

#define HSM "https://h.managedhsm.azure.net"
#define V   "0123456789abcdef0123456789abcdef"
#define KID "\"kid\":\"" HSM "/keys/k1/" V "\","

/* A base64url number of `size` octets: 0x80, zeros, then `last`. */
static char *number(size_t size, unsigned char last)
{
    struct mhsmi_buf octets, text;
    char *copy;
    size_t i;

    mhsmi_buf_init(&octets, 4096);
    mhsmi_buf_init(&text, 8192);
    for (i = 0; i < size; i++) {
        unsigned char octet = i == 0 ? 0x80 : i + 1 == size ? last : 0;
        CHECK_FATAL(mhsmi_buf_append(&octets, &octet, 1));
    }
    CHECK_FATAL(mhsmi_base64url_encode(&text, octets.data, octets.size));
    copy = mhsmi_strdup(mhsmi_buf_text(&text));
    mhsmi_buf_clear(&octets);
    mhsmi_buf_clear(&text);
    CHECK_FATAL(copy != NULL);
    return copy;
}

static mhsm_status parse(const char *text, mhsm_key **key)
{
    struct json_object *json = mhsmi_json_parse(text, strlen(text));
    mhsm_error *err = NULL;
    mhsm_status st;

    *key = NULL;
    st = mhsmi_jwk_parse(HSM, json, key, &err);
    CHECK((st == MHSM_OK) == (*key != NULL));
    CHECK((st == MHSM_OK) == (err == NULL));
    mhsm_error_free(&err);
    json_object_put(json);
    return st;
}

static mhsm_status parse_rsa(const char *n, const char *e, mhsm_key **key)
{
    char *text = mhsmi_asprintf(
        "{\"key\":{" KID "\"kty\":\"RSA-HSM\",\"key_ops\":[\"sign\",\"verify\","
        "\"secureWrapKey\",7],\"n\":\"%s\",\"e\":\"%s\"},\"attributes\":{"
        "\"enabled\":false,\"created\":10,\"updated\":11,\"nbf\":12,\"exp\":13}"
        "}",
        n, e);
    mhsm_status st;

    CHECK_FATAL(text != NULL);
    st = parse(text, key);
    mhsmi_free(text);
    return st;
}

static void rsa(void)
{
    static const struct {
        size_t size;
        unsigned char last;
        mhsm_status status;
    } sizes[] = {
        {256, 1, MHSM_OK},
        {384, 1, MHSM_OK},
        {512, 1, MHSM_OK},
        {1024, 1, MHSM_OK},
        {255, 1, MHSM_ERR_UNSUPPORTED},
        {128, 1, MHSM_ERR_UNSUPPORTED},
        {1025, 1, MHSM_ERR_UNSUPPORTED},
        {256, 2, MHSM_ERR_PROTOCOL},
    };
    mhsm_key *key;
    size_t i, size;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *n = number(sizes[i].size, sizes[i].last);

        CHECK(parse_rsa(n, "AQAB", &key) == sizes[i].status);
        if (key != NULL) {
            CHECK(mhsm_key_bits(key) == sizes[i].size * 8);
            CHECK(mhsm_key_rsa_n(key, &size) != NULL);
            CHECK(size == sizes[i].size);
            CHECK(mhsm_key_rsa_e(key, &size) != NULL && size == 3);
            CHECK(mhsm_key_ec_x(key, &size) == NULL && size == 0);
        }
        mhsm_key_free(key);
        mhsmi_free(n);
    }
}

static void rsa_exponents(void)
{
    static const struct {
        const char *e;
        mhsm_status status;
    } exponents[] = {
        {"Aw", MHSM_OK},
        {"AAEAAQ", MHSM_OK}, /* leading zero */
        {"AQ", MHSM_ERR_PROTOCOL},
        {"Ag", MHSM_ERR_PROTOCOL},
        {"", MHSM_ERR_PROTOCOL},
        {"AA", MHSM_ERR_PROTOCOL},
        {"AQAB=", MHSM_ERR_PROTOCOL},
        {"!", MHSM_ERR_PROTOCOL},
        {"AQAAAAAAAAAB", MHSM_ERR_PROTOCOL},
    };
    char *n = number(256, 1);
    mhsm_key *key;
    size_t i, size;

    for (i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++) {
        CHECK(parse_rsa(n, exponents[i].e, &key) == exponents[i].status);
        mhsm_key_free(key);
    }
    CHECK_FATAL(parse_rsa(n, "AAEAAQ", &key) == MHSM_OK);
    CHECK(mhsm_key_rsa_e(key, &size)[0] == 1 && size == 3);
    CHECK_TEXT(mhsm_key_name(key), "k1");
    CHECK_TEXT(mhsm_key_version(key), V);
    CHECK_TEXT(mhsm_key_id(key), HSM "/keys/k1/" V);
    CHECK_TEXT(mhsm_key_uri(key), "mhsm://h.managedhsm.azure.net/keys/k1/" V);
    CHECK(mhsm_key_operations(key) == (MHSM_OP_SIGN | MHSM_OP_VERIFY));
    CHECK(!mhsm_key_enabled(key));
    CHECK(mhsm_key_created(key) == 10 && mhsm_key_updated(key) == 11);
    CHECK(mhsm_key_not_before(key) == 12 && mhsm_key_expires(key) == 13);
    CHECK(strstr(mhsm_key_json(key), "\"kid\":\"" HSM "/keys/k1/" V "\"") !=
          NULL);
    CHECK(mhsm_key_up_ref(key) == key);
    mhsm_key_free(key);
    CHECK_TEXT(mhsm_key_name(key), "k1");
    mhsm_key_free(key);
    mhsm_key_free(NULL);
    mhsmi_free(n);
}

static void ec(void)
{
    static const struct {
        const char *crv;
        size_t octets, size;
        mhsm_status status;
    } points[] = {
        {"P-256", 32, 32, MHSM_OK},
        {"P-384", 48, 48, MHSM_OK},
        {"P-521", 66, 66, MHSM_OK},
        {"P-256K", 32, 32, MHSM_OK},
        {"SECP256K1", 32, 32, MHSM_OK},
        {"P-521", 65, 66, MHSM_OK},
        {"P-256", 33, 0, MHSM_ERR_PROTOCOL},
        {"P-256", 1000, 0, MHSM_ERR_PROTOCOL},
        {"P-224", 28, 0, MHSM_ERR_UNSUPPORTED},
        {"", 32, 0, MHSM_ERR_UNSUPPORTED},
    };
    mhsm_key *key;
    size_t i, size;

    for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char *x = number(points[i].octets, 9);
        char *text = mhsmi_asprintf("{\"key\":{" KID "\"kty\":\"EC\",\"crv\":"
                                    "\"%s\",\"x\":\"%s\",\"y\":\"%s\"}}",
                                    points[i].crv, x, x);

        CHECK_FATAL(text != NULL);
        CHECK(parse(text, &key) == points[i].status);
        if (key != NULL) {
            const unsigned char *octets = mhsm_key_ec_x(key, &size);

            CHECK(size == points[i].size);
            CHECK(octets[size - 1] == 9);
            CHECK(mhsm_key_ec_y(key, &size) != NULL);
            CHECK(size == points[i].size);
            CHECK(mhsm_key_enabled(key));
            CHECK(mhsm_key_curve(key) ==
                  mhsm_curve_by_name(points[i].crv)->curve);
        }
        mhsm_key_free(key);
        mhsmi_free(text);
        mhsmi_free(x);
    }
}

static const struct {
    const char *text;
    mhsm_status status;
} bundles[] = {
    {"{\"key\":{" KID "\"kty\":\"oct-HSM\"}}", MHSM_OK},
    {"{\"key\":{" KID "\"kty\":\"oct-HSM\"},\"attributes\":{\"key_size\":256}}",
     MHSM_OK},
    {"{\"key\":{" KID "\"kty\":\"oct-HSM\"},\"attributes\":{\"key_size\":-1}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"AKP-HSM\"}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"AKP-HSM\",\"alg\":7}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"AKP-HSM\",\"alg\":\"ML-DSA-45\","
     "\"pub\":\"AA\"}}",
     MHSM_ERR_UNSUPPORTED},
    {"{\"key\":{" KID "\"kty\":\"AKP-HSM\",\"alg\":\"ML-DSA-44\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"AKP-HSM\",\"alg\":\"ML-DSA-44\","
     "\"pub\":\"A!\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"OKP-HSM\"}}", MHSM_ERR_UNSUPPORTED},
    {"{\"key\":{" KID "\"kty\":7}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"RSA\"}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"EC\"}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{" KID "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kty\":\"oct\"}}", MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kid\":\"" HSM "/keys/k1\",\"kty\":\"oct\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kid\":\"https://evil.example/keys/k1/" V
     "\",\"kty\":\"oct\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kid\":\"" HSM ":8443/keys/k1/" V "\",\"kty\":\"oct\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kid\":\"" HSM "/keys/k_1/" V "\",\"kty\":\"oct\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":{\"kid\":\"" HSM "/keys/k1/" V "/x\",\"kty\":\"oct\"}}",
     MHSM_ERR_PROTOCOL},
    {"{\"key\":[]}", MHSM_ERR_PROTOCOL},
    {"{\"key\":null}", MHSM_ERR_PROTOCOL},
    {"{}", MHSM_ERR_PROTOCOL},
    {"[]", MHSM_ERR_PROTOCOL},
    {"\"x\"", MHSM_ERR_PROTOCOL},
    {"not json", MHSM_ERR_PROTOCOL},
};

static void shapes(void)
{
    mhsm_key *key;
    size_t i;

    for (i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
        CHECK(parse(bundles[i].text, &key) == bundles[i].status);
        mhsm_key_free(key);
    }
}

static mhsm_status parse_akp(const char *alg, size_t size, mhsm_key **key)
{
    char *pub = number(size, 7);
    char *text = mhsmi_asprintf("{\"key\":{" KID "\"kty\":\"AKP-HSM\","
                                "\"alg\":\"%s\",\"pub\":\"%s\"}}",
                                alg, pub);
    mhsm_status st;

    CHECK_FATAL(text != NULL);
    st = parse(text, key);
    mhsmi_free(text);
    mhsmi_free(pub);
    return st;
}

static void akp(void)
{
    const mhsm_parameter_set *set;
    const unsigned char *pub;
    mhsm_key *key;
    size_t i, size;

    for (i = 0; (set = mhsm_parameter_set_at(i)) != NULL; i++) {
        CHECK_FATAL(parse_akp(set->name, set->public_size, &key) == MHSM_OK);
        CHECK(mhsm_key_get_type(key) == MHSM_KEY_AKP);
        CHECK(mhsm_key_parameter_set(key) == set);
        CHECK(mhsm_key_bits(key) == 0);
        pub = mhsm_key_akp_public(key, &size);
        CHECK_FATAL(pub != NULL && size == set->public_size);
        CHECK(pub[0] == 0x80 && pub[size - 1] == 7);
        CHECK(mhsm_key_rsa_n(key, &size) == NULL && size == 0);
        mhsm_key_free(key);
        CHECK(parse_akp(set->name, set->public_size - 1, &key) ==
              MHSM_ERR_PROTOCOL);
        CHECK(parse_akp(set->name, set->public_size + 1, &key) ==
              MHSM_ERR_PROTOCOL);
        CHECK(parse_akp(set->name, 4000, &key) == MHSM_ERR_PROTOCOL);
    }
    CHECK(i == 3);
}

static void identity(void)
{
    mhsm_key *key;

    CHECK_FATAL(parse("{\"key\":{" KID "\"kty\":\"oct\"}}", &key) == MHSM_OK);
    CHECK(mhsmi_jwk_is(key, "k1", NULL, NULL) == MHSM_OK);
    CHECK(mhsmi_jwk_is(key, "K1", V, NULL) == MHSM_OK);
    CHECK(mhsmi_jwk_is(key, "k2", NULL, NULL) == MHSM_ERR_PROTOCOL);
    CHECK(mhsmi_jwk_is(key, "k1", "f123456789abcdef0123456789abcdef", NULL) ==
          MHSM_ERR_PROTOCOL);
    mhsm_key_free(key);
}

int main(void)
{
    static const struct check checks[] = {
        {"rsa", rsa},       {"rsa_exponents", rsa_exponents}, {"ec", ec},
        {"shapes", shapes}, {"identity", identity},           {"akp", akp},
        {NULL, NULL},
    };

    return check_main("jwk", checks);
}
