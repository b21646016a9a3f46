/* SPDX-License-Identifier: MIT
 *
 * What a quorum can do: the Azure CLI's restore blob octet for octet, new
 * holders, and shares that are opened on separate machines.
 */
#include <openssl/err.h>

#include "domain/opening.h"
#include "fixed_random.h"
#include "holders.h"
#include "jose/oaep.h"

enum { HOLDERS = 5, QUORUM = 3 };

static mhsm_wrapping_key *keys[VECTOR_HOLDERS], *news[HOLDERS], *combiner;
static const mhsm_wrapping_certificate *certificates[HOLDERS];
static mhsm_security_domain *domain;

static void making(void)
{
    int i;

    domain = domain_of("sd_3of2/sd.json");
    for (i = 0; i < VECTOR_HOLDERS; i++)
        keys[i] = vector_holder(i);
    for (i = 0; i < HOLDERS; i++) {
        news[i] = new_holder("New holder");
        certificates[i] = mhsm_wrapping_key_certificate(news[i]);
    }
    combiner = new_holder("Combiner");
}

static mhsm_domain_opening *opened_by(int first, int second)
{
    mhsm_domain_opening *opening = opening_of(domain);

    CHECK(mhsm_domain_opening_add_key(opening, keys[first], NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, keys[second], NULL) == MHSM_OK);
    return opening;
}

/* Master key and plaintexts are those that the vectors tell. */
static void plaintexts(void)
{
    struct json_object *facts = vector_json("sd_3of2/facts.json");
    struct json_object *list = mhsmi_json_array(facts, "plaintexts");
    static unsigned char expected[16384];
    mhsm_domain_opening *opening = opened_by(2, 0);
    size_t i, size;

    CHECK(mhsmi_opening_combine(opening, NULL) == MHSM_OK);
    CHECK(hex_member(facts, "master_key_hex", expected, 32) == 32);
    CHECK(memcmp(opening->master->data, expected, 32) == 0);
    CHECK(json_object_array_length(list) == 3);
    for (i = 0; i < 3; i++) {
        struct mhsmi_secret *data = NULL;

        size = hex_member(json_object_array_get_idx(list, i), "hex", expected,
                          sizeof(expected));
        CHECK(mhsmi_opening_datum(opening, i, &data, NULL) == MHSM_OK);
        CHECK(data->size == size);
        CHECK(memcmp(data->data, expected, size) == 0);
        mhsmi_secret_free(data);
    }
    mhsm_domain_opening_free(opening);
    json_object_put(facts);
}

static void restore_blob(void)
{
    struct json_object *fixed =
        vector_json("sd_3of2/restore_blob_det_random.json");
    struct json_object *list = mhsmi_json_array(fixed, "hex");
    mhsm_wrapping_certificate *exchange =
        certificate_of("sd_3of2/exchange.pem");
    mhsm_domain_opening *opening = opened_by(0, 1);
    struct mhsmi_buf expected;
    mhsm_result *blob = NULL;
    unsigned char octets[64];
    const unsigned char *data;
    size_t i, size;

    fixed_random_reset();
    for (i = 0; i < json_object_array_length(list); i++)
        fixed_random_feed(
            octets,
            from_hex(json_object_get_string(json_object_array_get_idx(list, i)),
                     octets, sizeof(octets)));
    CHECK(mhsm_domain_opening_restore_blob(opening, exchange, &blob, NULL) ==
          MHSM_OK);
    CHECK(fixed_random_left() == 0);
    vector_read(&expected, "sd_3of2/restore_blob_det.json");
    data = mhsm_result_data(blob, &size);
    CHECK(size == expected.size);
    CHECK(memcmp(data, expected.data, size) == 0);
    mhsmi_buf_clear(&expected);
    mhsm_result_free(blob);
    mhsm_domain_opening_free(opening);
    mhsm_wrapping_certificate_free(exchange);
    json_object_put(fixed);
}

static void refused(void)
{
    mhsm_wrapping_certificate *exchange =
        certificate_of("sd_3of2/exchange.cer");
    mhsm_domain_opening *opening = opening_of(domain);
    mhsm_result *blob = NULL;
    mhsm_error *err = NULL;

    CHECK(mhsm_domain_opening_add_key(opening, keys[1], NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, keys[1], &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "RiBLAi7hmdj6LInGrC_FDr5tdH6ceE3RoPzR6Ni54GY is given twice");
    CHECK(mhsm_domain_opening_add_key(opening, news[0], &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "no share in the security domain is for the certificate of "
                "CN=New holder");
    CHECK(mhsm_domain_opening_restore_blob(opening, exchange, &blob, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "1 of the holders are there, but the quorum is 2");
    CHECK(mhsm_domain_opening_rewrap(opening, certificates, HOLDERS, QUORUM,
                                     &blob, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "the quorum is 2");
    CHECK(blob == NULL);
    CHECK(mhsm_domain_opening_count(opening) == 1);
    mhsm_domain_opening_free(opening);
    mhsm_domain_opening_free(NULL);
    CHECK(mhsm_domain_opening_new(NULL, &opening, NULL) == MHSM_ERR_ARGUMENT);
    mhsm_wrapping_certificate_free(exchange);
}

/* Shares that are well formed and of no one secret. */
static void not_together(void)
{
    mhsm_domain_opening *opening = opened_by(0, 1);
    mhsm_error *err = NULL;

    CHECK(mhsm_domain_opening_add_key(opening, keys[2], NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_verify(opening, NULL) == MHSM_OK);
    opening->shares[2]->data[4] ^= 2;
    mhsmi_secret_free(opening->master);
    opening->master = NULL;
    CHECK(mhsm_domain_opening_verify(opening, &err) == MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED, "the shares do not belong together");
    /* A quorum of which one is wrong gives another master key. */
    mhsmi_secret_free(opening->shares[1]);
    opening->shares[1] = NULL;
    CHECK(mhsm_domain_opening_verify(opening, &err) == MHSM_ERR_DAMAGED);
    mhsm_error_free(&err);
    mhsm_domain_opening_free(opening);
}

static mhsm_security_domain *rewrapped(void)
{
    mhsm_domain_opening *opening = opened_by(1, 2);
    mhsm_security_domain *made = NULL;
    const unsigned char *data;
    mhsm_result *file = NULL;
    size_t size;

    CHECK_FATAL(mhsm_domain_opening_rewrap(opening, certificates, HOLDERS,
                                           QUORUM, &file, NULL) == MHSM_OK);
    data = mhsm_result_data(file, &size);
    CHECK_FATAL(mhsm_security_domain_decode(data, size, &made, NULL) ==
                MHSM_OK);
    mhsm_result_free(file);
    mhsm_domain_opening_free(opening);
    return made;
}

/* Every set of the new holders: those of the quorum and more open the same
 * data, those below do not. */
static void rewrap(void)
{
    mhsm_security_domain *made = rewrapped();
    unsigned int bits;
    int i, quorums = 0;

    CHECK(mhsm_security_domain_quorum(made) == QUORUM);
    CHECK(mhsm_security_domain_holder_count(made) == HOLDERS);
    for (i = 0; i < 3; i++)
        CHECK_TEXT(made->data[i].text, domain->data[i].text);
    for (bits = 0; bits < 1U << HOLDERS; bits++) {
        mhsm_domain_opening *opening = opening_of(made);
        mhsm_error *err = NULL;

        for (i = 0; i < HOLDERS; i++)
            if (bits >> i & 1)
                CHECK(mhsm_domain_opening_add_key(opening, news[i], NULL) ==
                      MHSM_OK);
        if (mhsm_domain_opening_count(opening) >= QUORUM) {
            CHECK(mhsm_domain_opening_verify(opening, &err) == MHSM_OK);
            quorums += mhsm_domain_opening_count(opening) == QUORUM;
        } else {
            CHECK(mhsm_domain_opening_verify(opening, &err) ==
                  MHSM_ERR_ARGUMENT);
            mhsm_error_free(&err);
        }
        mhsm_domain_opening_free(opening);
    }
    CHECK(quorums == 10);
    mhsm_security_domain_free(made);
}

static mhsm_result *share_of(const mhsm_security_domain *of,
                             const mhsm_wrapping_key *key)
{
    mhsm_result *share = NULL;

    CHECK_FATAL(mhsm_domain_share_open(of, key,
                                       mhsm_wrapping_key_certificate(combiner),
                                       &share, NULL) == MHSM_OK);
    return share;
}

static mhsm_status add_share(mhsm_domain_opening *opening,
                             const mhsm_result *share,
                             const mhsm_wrapping_key *key, mhsm_error **err)
{
    size_t size;
    const unsigned char *data = mhsm_result_data(share, &size);

    return mhsm_domain_opening_add_share(opening, data, size, key, err);
}

/* Each holder on his own; then the one who combines, who has none of their
 * keys. */
static void separate_machines(void)
{
    mhsm_domain_opening *opening = opening_of(domain), *other;
    mhsm_security_domain *made = rewrapped();
    mhsm_result *shares[2], *share, *none = NULL;
    mhsm_error *err = NULL;
    size_t size;
    const unsigned char *data;
    int i;

    for (i = 0; i < 2; i++) {
        shares[i] = share_of(domain, keys[i]);
        data = mhsm_result_data(shares[i], &size);
        CHECK(memchr(data, '\n', size) == data + size - 1);
        CHECK(add_share(opening, shares[i], combiner, NULL) == MHSM_OK);
    }
    CHECK(mhsm_domain_opening_verify(opening, NULL) == MHSM_OK);
    CHECK(add_share(opening, shares[0], combiner, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "is given twice");
    CHECK(add_share(opening, shares[0], keys[0], &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "the sealed share: it is sealed for another key than that of "
                "CN=sd cert 0");

    /* A share of another file. */
    other = opening_of(made);
    CHECK(add_share(other, shares[0], combiner, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "of another security domain file");
    share = share_of(made, news[4]);
    CHECK(add_share(other, share, combiner, NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_has(other, 4));
    mhsm_result_free(share);
    mhsm_domain_opening_free(other);
    mhsm_security_domain_free(made);

    /* A holder who is none. */
    CHECK(mhsm_domain_share_open(domain, news[0], certificates[0], &none,
                                 &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "no share in the security domain");
    CHECK(mhsm_domain_opening_add_share(opening, (const unsigned char *)"a\r\n",
                                        3, combiner, &err) == MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED,
                "the sealed share: it has 1 parts, not 5");
    mhsm_result_free(shares[0]);
    mhsm_result_free(shares[1]);
    mhsm_domain_opening_free(opening);
}

/* What somebody else may have sealed for the one who combines. */
static void forged(const unsigned char *payload, size_t size, const char *kid,
                   mhsm_status status, const char *why)
{
    const mhsm_wrapping_certificate *certificate =
        mhsm_wrapping_key_certificate(combiner);
    mhsm_domain_opening *opening = opening_of(domain);
    OSSL_LIB_CTX *lib = opening->context.lib;
    EVP_PKEY *pkey = mhsmi_wrapping_public_key(certificate, lib);
    mhsm_error *err = NULL;
    struct mhsmi_buf text;

    mhsmi_buf_init(&text, 65536);
    CHECK(mhsmi_jwe_wrap(lib, pkey, MHSMI_DOMAIN_ENC, kid, payload, size, &text,
                         NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_share(opening, text.data, text.size, combiner,
                                        &err) == status);
    check_error(&err, status, why);
    CHECK(mhsm_domain_opening_count(opening) == 0);
    mhsmi_buf_clear(&text);
    EVP_PKEY_free(pkey);
    mhsm_domain_opening_free(opening);
}

static void forgeries(void)
{
    const mhsm_wrapping_certificate *certificate =
        mhsm_wrapping_key_certificate(combiner);
    const char *kid = mhsm_wrapping_certificate_thumbprint(certificate);
    mhsm_domain_opening *opening = opening_of(domain);
    unsigned char payload[4 + 32 + 32 + 64] = "MHS1";

    fixed_random_reset();
    CHECK(mhsmi_domain_digest(domain, opening->context.lib, payload + 4,
                              NULL) == MHSM_OK);
    mhsm_domain_opening_free(opening);
    forged(payload, sizeof(payload), "other", MHSM_ERR_ARGUMENT,
           "its kid is other");
    forged(payload, sizeof(payload) - 1, kid, MHSM_ERR_DAMAGED,
           "it holds no share");
    forged(payload, sizeof(payload), kid, MHSM_ERR_DAMAGED,
           "its holder is none of the security domain");
    memcpy(payload + 36, mhsm_wrapping_key_certificate(keys[0])->digest, 32);
    forged(payload, sizeof(payload), kid, MHSM_ERR_DAMAGED,
           "the share's x is 0");
    payload[0] = 'm';
    forged(payload, sizeof(payload), kid, MHSM_ERR_DAMAGED,
           "it holds no share");
}

/* A share of another size than the field's: 62 octets. */
static void short_share(void)
{
    mhsm_domain_opening *opening = opening_of(domain);
    OSSL_LIB_CTX *lib = opening->context.lib;
    EVP_PKEY *pkey =
        mhsmi_wrapping_public_key(mhsm_wrapping_key_certificate(keys[0]), lib);
    static const unsigned char octets[62] = {0};
    struct mhsmi_holder *holder = &domain->holders[0];
    struct mhsmi_jwe before = holder->jwe;
    mhsm_error *err = NULL;
    struct mhsmi_buf text;

    mhsmi_buf_init(&text, 65536);
    CHECK(mhsmi_jwe_wrap(lib, pkey, MHSMI_DOMAIN_ENC, "k", octets,
                         sizeof(octets), &text, NULL) == MHSM_OK);
    CHECK(mhsmi_jwe_parse(&holder->jwe, mhsmi_buf_text(&text), text.size,
                          NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, keys[0], &err) ==
          MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED, "the share has 62 octets, not 64");
    mhsmi_jwe_clear(&holder->jwe);
    holder->jwe = before;
    mhsmi_buf_clear(&text);
    EVP_PKEY_free(pkey);
    mhsm_domain_opening_free(opening);
}

/* A key that only decrypts, as one in an HSM does. */
static mhsm_status decrypt(void *context, const unsigned char *data,
                           size_t size, unsigned char *out, size_t *out_size,
                           mhsm_error **err)
{
    const mhsm_wrapping_key *key = context;
    struct mhsmi_secret *opened = NULL;
    mhsm_status st = mhsmi_oaep_decrypt(key->context.lib, key->pkey, data, size,
                                        &opened, err);

    if (st == MHSM_OK) {
        CHECK_FATAL(opened->size <= *out_size);
        memcpy(out, opened->data, opened->size);
        *out_size = opened->size;
    }
    mhsmi_secret_free(opened);
    return st;
}

static void elsewhere(void)
{
    const mhsm_wrapping_certificate *certificate =
        mhsm_wrapping_key_certificate(keys[1]);
    mhsm_domain_opening *opening = opening_of(domain);
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;

    CHECK(mhsm_wrapping_key_remote(certificate, decrypt, NULL, keys[1], &key,
                                   NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, key, NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_has(opening, 1));
    mhsm_wrapping_key_free(key);
    mhsm_domain_opening_free(opening);

    /* One that answers with an error of its own. */
    opening = opening_of(domain);
    CHECK(mhsm_wrapping_key_remote(certificate, decrypt, NULL, keys[0], &key,
                                   NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, key, &err) == MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED,
                "(holder CN=sd cert 1, "
                "RiBLAi7hmdj6LInGrC_FDr5tdH6ceE3RoPzR6Ni54GY): the private key "
                "does not open it");
    mhsm_wrapping_key_free(key);
    mhsm_domain_opening_free(opening);
    CHECK(mhsm_wrapping_key_remote(NULL, decrypt, NULL, NULL, &key, NULL) ==
          MHSM_ERR_ARGUMENT);
}

/* A generator that gives out in the middle. */
static void no_random(void)
{
    static const unsigned char octets[48] = {1};
    mhsm_wrapping_certificate *exchange =
        certificate_of("sd_3of2/exchange.cer");
    mhsm_domain_opening *opening = opened_by(0, 1);
    mhsm_result *made = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 1; i <= sizeof(octets); i += 47) {
        fixed_random_reset();
        fixed_random_feed(octets, i == 48 ? 33 : i);
        CHECK(mhsm_domain_opening_restore_blob(opening, exchange, &made,
                                               &err) == MHSM_ERR_INTERNAL);
        check_error(&err, MHSM_ERR_INTERNAL, "no random numbers");
    }
    fixed_random_reset();
    fixed_random_feed(octets, 1);
    CHECK(mhsm_domain_opening_rewrap(opening, certificates, HOLDERS, QUORUM,
                                     &made, &err) == MHSM_ERR_INTERNAL);
    check_error(&err, MHSM_ERR_INTERNAL, "no random numbers");
    fixed_random_reset();
    CHECK(made == NULL);
    mhsm_domain_opening_free(opening);
    mhsm_wrapping_certificate_free(exchange);
    CHECK(ERR_peek_error() == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"making holders", making},
        {"plaintexts", plaintexts},
        {"restore blob", restore_blob},
        {"refused", refused},
        {"not together", not_together},
        {"rewrap, every quorum of 3 of 5", rewrap},
        {"separate machines", separate_machines},
        {"forgeries", forgeries},
        {"a short share", short_share},
        {"a key elsewhere", elsewhere},
        {"no random numbers", no_random},
        {NULL, NULL}};
    int bad = check_main("domain opening", checks), i;

    for (i = 0; i < VECTOR_HOLDERS; i++)
        mhsm_wrapping_key_free(keys[i]);
    for (i = 0; i < HOLDERS; i++)
        mhsm_wrapping_key_free(news[i]);
    mhsm_wrapping_key_free(combiner);
    mhsm_security_domain_free(domain);
    return bad;
}
