/* SPDX-License-Identifier: MIT
 *
 * Key references: what is written is read back; every truncation, every
 * changed octet and everything else that must be refused, with its reason.
 * The malformed ones are made by OpenSSL's own generator of ASN.1, so that
 * reader and writer do not share their mistakes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/base64url.h"
#include "base/json.h"
#include "check.h"
#include "keys/jwk.h"
#include "mhsm/mhsm.h"
#include "torture.h"

#define HSM          "https://h.managedhsm.azure.net"
#define V            "0123456789abcdef0123456789abcdef"
#define KID          "\"kid\":\"" HSM "/keys/k1/" V "\","
#define URI          "mhsm://h.managedhsm.azure.net/keys/k1/" V
#define B32          "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HEX32        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { text_size = 8192 };

static mhsm_client *client;

static void make_client(void)
{
    mhsm_config *config = mhsm_config_new();

    CHECK_FATAL(config != NULL);
    CHECK_FATAL(mhsm_client_new(config, &client, NULL) == MHSM_OK);
    mhsm_config_free(config);
}

static mhsm_key *key_of(const char *json)
{
    struct json_object *bundle = mhsmi_json_parse(json, strlen(json));
    mhsm_key *key = NULL;

    CHECK_FATAL(mhsmi_jwk_parse(HSM, bundle, &key, NULL) == MHSM_OK);
    json_object_put(bundle);
    return key;
}

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

/* What both outcomes owe. */
static mhsm_status decode(const unsigned char *der, size_t size, mhsm_key **key,
                          mhsm_error **err)
{
    mhsm_status st;

    *key = NULL;
    st = mhsm_reference_decode(client, der, size, key, err);
    CHECK((st == MHSM_OK) == (*key != NULL));
    CHECK((st == MHSM_OK) == (*err == NULL));
    CHECK(ERR_peek_error() == 0);
    return st;
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

/* Lines of the generator's configuration that replace those of its good one. */
struct field {
    const char *name, *value;
};

static const struct field good[] = {
    {"format", "VISIBLESTRING:mhsm key reference v1"},
    {"uri", "UTF8String:" URI},
    {"spki", "SEQUENCE:spki"},
    {"kty", "EXPLICIT:0,UTF8String:EC-HSM"},
    {"ops", "EXPLICIT:1,SEQUENCE:ops"},
    {"tail", ""},
    {"algorithm", "SEQUENCE:algorithm"},
    {"key", "FORMAT:HEX,BITSTRING:04" HEX32 HEX32},
    {"oid", "OID:id-ecPublicKey"},
    {"parameters", "OID:prime256v1"},
    {"op", "UTF8String:sign"},
    {"n", "INTEGER:0x8001"},
    {"e", "INTEGER:0x010001"},
};

static void add(struct mhsmi_buf *text, const struct field *changed,
                const char *name)
{
    size_t i;
    const char *value = NULL;

    for (i = 0; changed != NULL && changed[i].name != NULL; i++)
        if (strcmp(changed[i].name, name) == 0)
            value = changed[i].value;
    for (i = 0; value == NULL && i < COUNT(good); i++)
        if (strcmp(good[i].name, name) == 0)
            value = good[i].value;
    if (value[0] != '\0')
        CHECK_FATAL(mhsmi_buf_printf(text, "%s=%s\n", name, value));
}

static void section(struct mhsmi_buf *text, const struct field *changed,
                    const char *name, const char *const *fields)
{
    CHECK_FATAL(mhsmi_buf_printf(text, "[%s]\n", name));
    for (; *fields != NULL; fields++)
        add(text, changed, *fields);
}

/* `changed` ends with a NULL name. */
static void generate(const struct field *changed, unsigned char **der,
                     size_t *size)
{
    static const char *const reference[] = {"format", "uri",  "spki", "kty",
                                            "ops",    "tail", NULL};
    static const char *const spki[] = {"algorithm", "key", NULL};
    static const char *const algorithm[] = {"oid", "parameters", NULL};
    static const char *const ops[] = {"op", NULL};
    static const char *const rsa[] = {"n", "e", NULL};
    struct mhsmi_buf text;
    CONF *conf = NCONF_new(NULL);
    ASN1_TYPE *made;
    char whole[] = "SEQUENCE:reference";
    BIO *bio;
    long line;
    int length;

    mhsmi_buf_init(&text, text_size);
    section(&text, changed, "reference", reference);
    section(&text, changed, "spki", spki);
    section(&text, changed, "algorithm", algorithm);
    section(&text, changed, "ops", ops);
    section(&text, changed, "rsa", rsa);
    bio = BIO_new_mem_buf(text.data, (int)text.size);
    CHECK_FATAL(bio != NULL && NCONF_load_bio(conf, bio, &line) > 0);
    made = ASN1_generate_nconf(whole, conf);
    if (made == NULL)
        ERR_print_errors_fp(stderr);
    CHECK_FATAL(made != NULL);
    *der = NULL;
    length = i2d_ASN1_TYPE(made, der);
    CHECK_FATAL(length > 0);
    *size = (size_t)length;
    ASN1_TYPE_free(made);
    BIO_free(bio);
    NCONF_free(conf);
    mhsmi_buf_clear(&text);
    ERR_clear_error();
}

#define ONE(name, value)                                                       \
    {                                                                          \
        {name, value},                                                         \
        {                                                                      \
            NULL, NULL                                                         \
        }                                                                      \
    }

/* Each with a word of its reason. */
static const struct {
    struct field changed[4];
    mhsm_status status;
    const char *says;
} refused[] = {
    {ONE("format", "VISIBLESTRING:mhsm key reference v2"), MHSM_ERR_UNSUPPORTED,
     "\"mhsm key reference v2\""},
    {ONE("format", "VISIBLESTRING:mhsm key reference v12"),
     MHSM_ERR_UNSUPPORTED, "format"},
    {ONE("format", "VISIBLESTRING:mhsm key reference"), MHSM_ERR_DAMAGED,
     "begin"},
    {ONE("format", "IA5STRING:mhsm key reference v1"), MHSM_ERR_DAMAGED,
     "begin"},
    {ONE("uri", ""), MHSM_ERR_DAMAGED, "structure"},
    {ONE("uri", "IA5STRING:" URI), MHSM_ERR_DAMAGED, "structure"},
    {ONE("uri", "UTF8String:mhsm:k1"), MHSM_ERR_CONFIG, "endpoint"},
    {ONE("uri", "UTF8String:mhsm://h.managedhsm.azure.net/keys/k1"),
     MHSM_ERR_DAMAGED, "version"},
    {ONE("uri", "UTF8String:mhsm://h.managedhsm.azure.net"), MHSM_ERR_DAMAGED,
     "version"},
    {ONE("uri", "UTF8String:mhsm://evil.example/keys/k1/" V), MHSM_ERR_URI,
     "evil.example"},
    {ONE("uri", "UTF8String:mhsm://127.0.0.1/keys/k1/" V), MHSM_ERR_URI,
     "127.0.0.1"},
    {ONE("uri", "UTF8String:mhsm://x@h.managedhsm.azure.net/keys/k1/" V),
     MHSM_ERR_URI, "URI"},
    {ONE("uri", "UTF8String:mhsm://H.managedhsm.azure.net/keys/k1/" V),
     MHSM_ERR_DAMAGED, "not written as"},
    {ONE("uri", "UTF8String:https://h.managedhsm.azure.net/keys/k1/" V),
     MHSM_ERR_DAMAGED, "not written as"},
    {ONE("uri", "UTF8String:managedhsm:h:k1:" V), MHSM_ERR_DAMAGED,
     "not written as"},
    {ONE("uri", "IMPLICIT:12U,FORMAT:HEX,OCTETSTRING:6d68736d3a006b"),
     MHSM_ERR_DAMAGED, "URI"},
    {ONE("kty", ""), MHSM_ERR_DAMAGED, "structure"},
    {ONE("kty", "IMPLICIT:0,UTF8String:EC-HSM"), MHSM_ERR_DAMAGED, "structure"},
    {ONE("kty", "EXPLICIT:0,UTF8String:ec-hsm"), MHSM_ERR_UNSUPPORTED,
     "ec-hsm"},
    {ONE("kty", "EXPLICIT:0,UTF8String:DSA"), MHSM_ERR_UNSUPPORTED, "DSA"},
    {ONE("kty", "EXPLICIT:0,UTF8String:RSA-HSM"), MHSM_ERR_DAMAGED,
     "type EC-HSM, and its kty is RSA-HSM"},
    {ONE("kty", "EXPLICIT:0,UTF8String:oct-HSM"), MHSM_ERR_DAMAGED,
     "it has a public key"},
    {ONE("spki", ""), MHSM_ERR_DAMAGED, "it has no public key"},
    {ONE("oid", "OID:ED25519"), MHSM_ERR_UNSUPPORTED, "ED25519"},
    {ONE("parameters", ""), MHSM_ERR_DAMAGED, "names no curve"},
    {ONE("parameters", "NULL:"), MHSM_ERR_DAMAGED, "names no curve"},
    {ONE("parameters", "OID:brainpoolP256r1"), MHSM_ERR_UNSUPPORTED, "curve"},
    {ONE("parameters", "OID:secp384r1"), MHSM_ERR_DAMAGED, "point"},
    {ONE("key", "FORMAT:HEX,BITSTRING:02" HEX32), MHSM_ERR_DAMAGED, "point"},
    {ONE("key", "FORMAT:HEX,BITSTRING:06" HEX32 HEX32), MHSM_ERR_DAMAGED,
     "point"},
    {ONE("key", "FORMAT:HEX,BITSTRING:04" HEX32 HEX32 "00"), MHSM_ERR_DAMAGED,
     "point"},
    {ONE("key", "FORMAT:BITLIST,BITSTRING:1,5"), MHSM_ERR_DAMAGED, "bits"},
    {ONE("op", "IA5STRING:sign"), MHSM_ERR_DAMAGED, "structure"},
    {ONE("op", "UTF8String:"), MHSM_ERR_DAMAGED, "key_ops"},
    {ONE("tail", "EXPLICIT:2,INTEGER:256"), MHSM_ERR_DAMAGED, "size"},
    {ONE("tail", "EXPLICIT:3,INTEGER:256"), MHSM_ERR_DAMAGED, "structure"},
    {ONE("tail", "BOOL:true"), MHSM_ERR_DAMAGED, "structure"},
};

static void refusals(void)
{
    mhsm_error *err = NULL;
    unsigned char *der;
    mhsm_key *key;
    size_t i, size;

    generate(NULL, &der, &size);
    CHECK(decode(der, size, &key, &err) == MHSM_OK);
    CHECK(key != NULL && mhsm_key_operations(key) == MHSM_OP_SIGN);
    mhsm_key_free(key);
    OPENSSL_free(der);
    for (i = 0; i < COUNT(refused); i++) {
        mhsm_status st;

        generate(refused[i].changed, &der, &size);
        st = decode(der, size, &key, &err);
        if (st != refused[i].status ||
            strstr(mhsm_error_text(err), refused[i].says) == NULL)
            printf("\n%s=%s: %s %s\n", refused[i].changed[0].name,
                   refused[i].changed[0].value, mhsm_status_name(st),
                   mhsm_error_text(err));
        CHECK(st == refused[i].status);
        CHECK(strstr(mhsm_error_text(err), refused[i].says) != NULL);
        CHECK(strstr(mhsm_error_text(err), "key reference") != NULL);
        mhsm_error_free(&err);
        mhsm_key_free(key);
        OPENSSL_free(der);
    }
}

/* RSA keys whose numbers do not hold together. */
static void rsa_refusals(void)
{
    static const struct {
        const char *parameters, *key, *n, *e, *says;
        mhsm_status status;
    } rows[] = {
        {"NULL:", "BITWRAP,SEQUENCE:rsa", "", "", "RSAPublicKey",
         MHSM_ERR_DAMAGED},
        {"NULL:", "BITWRAP,SEQUENCE:rsa", "INTEGER:0x8001", "INTEGER:0x010001",
         "bits is outside", MHSM_ERR_UNSUPPORTED},
        {"NULL:", "BITWRAP,SEQUENCE:rsa", "INTEGER:-0x8001", "INTEGER:0x010001",
         "negative", MHSM_ERR_DAMAGED},
        {"", "BITWRAP,SEQUENCE:rsa", "INTEGER:0x8001", "INTEGER:0x010001",
         "parameters", MHSM_ERR_DAMAGED},
        {"OID:prime256v1", "BITWRAP,SEQUENCE:rsa", "INTEGER:0x8001",
         "INTEGER:0x010001", "parameters", MHSM_ERR_DAMAGED},
        {"NULL:", "FORMAT:HEX,BITSTRING:3006020101020103ff", "INTEGER:1",
         "INTEGER:1", "RSAPublicKey", MHSM_ERR_DAMAGED},
    };
    mhsm_error *err = NULL;
    unsigned char *der;
    mhsm_key *key;
    size_t i, size;

    for (i = 0; i < COUNT(rows); i++) {
        const struct field changed[] = {
            {"kty", "EXPLICIT:0,UTF8String:RSA-HSM"},
            {"oid", "OID:rsaEncryption"},
            {"parameters", rows[i].parameters},
            {"key", rows[i].key},
            {"n", rows[i].n},
            {"e", rows[i].e},
            {NULL, NULL},
        };

        generate(changed, &der, &size);
        CHECK(decode(der, size, &key, &err) == rows[i].status);
        CHECK(strstr(mhsm_error_text(err), rows[i].says) != NULL);
        mhsm_error_free(&err);
        OPENSSL_free(der);
    }
}

/* The same values in BER that is no DER, and with neighbours. */
static void encodings(void)
{
    unsigned char *der, ber[1024];
    mhsm_error *err = NULL;
    mhsm_key *key;
    size_t size;

    generate(NULL, &der, &size);
    CHECK_FATAL(der[1] == 0x81 && size < sizeof(ber) - 8);
    memcpy(ber, der, size);
    ber[size] = 0;
    CHECK(decode(ber, size + 1, &key, &err) == MHSM_ERR_DAMAGED);
    CHECK(strstr(mhsm_error_text(err), "follows") != NULL);
    mhsm_error_free(&err);
    /* A longer form of the length. */
    ber[0] = 0x30;
    ber[1] = 0x82;
    ber[2] = 0;
    memcpy(ber + 3, der + 2, size - 2);
    CHECK(mhsm_reference_probe(ber, size + 1) == size + 1);
    CHECK(decode(ber, size + 1, &key, &err) == MHSM_ERR_DAMAGED);
    CHECK(strstr(mhsm_error_text(err), "DER") != NULL);
    mhsm_error_free(&err);
    /* No length, and an end. */
    ber[1] = 0x80;
    memcpy(ber + 2, der + 3, size - 3);
    ber[size - 1] = ber[size] = 0;
    CHECK(mhsm_reference_probe(ber, size + 1) == 0);
    CHECK(decode(ber, size + 1, &key, &err) == MHSM_ERR_DAMAGED);
    mhsm_error_free(&err);
    OPENSSL_free(der);
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
    generate(NULL, &der, &size);
    fail_at = failing;
    st = mhsm_reference_decode(client, der, size, &key, &err);
    ok = st == MHSM_OK;
    CHECK(ok == (key != NULL) && ok == (err == NULL));
    CHECK(ok || st == MHSM_ERR_MEMORY || st == MHSM_ERR_DAMAGED ||
          st == MHSM_ERR_URI);
    mhsm_error_free(&err);
    mhsm_key_free(key);
    OPENSSL_free(der);
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

static void free_client(void)
{
    mhsm_client_free(client);
    CHECK(live == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"a client", make_client},
        {"round trips", round_trips},
        {"truncations", truncations},
        {"every octet changed", every_octet_changed},
        {"mutations", mutations},
        {"refusals", refusals},
        {"RSA refusals", rsa_refusals},
        {"encodings", encodings},
        {"limits", limits},
        {"the error queue", error_queue},
        {"memory runs out", memory_runs_out},
        {"nothing is left", free_client},
        {NULL, NULL},
    };

    return check_main("reference", checks);
}
