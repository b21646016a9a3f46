/* SPDX-License-Identifier: MIT
 *
 * Key references that must be refused, with their reasons.  They are made by
 * OpenSSL's own generator of ASN.1, so that reader and writer do not share
 * their mistakes.
 */
#include "reference.h"

#include <stdio.h>

#include <openssl/asn1.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

enum { text_size = 8192 };

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

int main(void)
{
    static const struct check checks[] = {
        {"a client", make_client},        {"refusals", refusals},
        {"RSA refusals", rsa_refusals},   {"encodings", encodings},
        {"nothing is left", free_client}, {NULL, NULL},
    };

    return check_main("refused references", checks);
}
