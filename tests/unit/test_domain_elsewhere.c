/* SPDX-License-Identifier: MIT
 *
 * Keys of holders that are no files, certificates that are signed where the
 * key is, and restore blobs that others made.
 */
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "domain/domain.h"
#include "holders.h"
#include "torture.h"

/* Who signs and decrypts "elsewhere": the key of a holder of the vectors, and
 * what is to go wrong. */
static struct {
    mhsm_wrapping_key *key;
    const char *fault;
    unsigned int released;
} away;

static struct mhsmi_buf spki;

static void begin(void)
{
    unsigned char *der = NULL;
    int size;

    away.key = vector_holder(0);
    size = i2d_PUBKEY(away.key->pkey, &der);
    CHECK_FATAL(size > 0);
    mhsmi_buf_init(&spki, (size_t)size);
    CHECK_FATAL(mhsmi_buf_append(&spki, der, (size_t)size));
    OPENSSL_free(der);
}

static mhsm_status sign(void *context, const unsigned char *digest, size_t size,
                        unsigned char *out, size_t *out_size, mhsm_error **err)
{
    EVP_PKEY_CTX *ctx;
    int ok;

    CHECK(context == &away && size == 32);
    if (away.fault != NULL && strcmp(away.fault, "refused") == 0)
        return mhsmi_error(err, MHSM_ERR_FORBIDDEN, "not to be signed with");
    ctx =
        EVP_PKEY_CTX_new_from_pkey(away.key->context.lib, away.key->pkey, NULL);
    ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
         EVP_PKEY_sign(ctx, out, out_size, digest, size) == 1;
    EVP_PKEY_CTX_free(ctx);
    CHECK(ok);
    if (away.fault != NULL)
        out[0] ^= 1;
    return MHSM_OK;
}

static mhsm_status generate(const char *name, unsigned int days,
                            mhsm_result **pem, mhsm_error **err)
{
    return mhsm_wrapping_certificate_generate(name, days, spki.data, spki.size,
                                              sign, &away, pem, err);
}

static void certifying(void)
{
    mhsm_wrapping_certificate *certificate = NULL;
    mhsm_result *pem = NULL;
    const unsigned char *data;
    mhsm_wrapping_key *key = NULL;
    size_t size;
    X509 *x509;
    BIO *bio;

    CHECK_FATAL(generate("Ren\xc3\xa9", 10, &pem, NULL) == MHSM_OK);
    data = mhsm_result_data(pem, &size);
    bio = BIO_new_mem_buf(data, (int)size);
    x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    CHECK_FATAL(x509 != NULL);
    CHECK(X509_verify(x509, X509_get0_pubkey(x509)) == 1);
    CHECK(X509_get_signature_nid(x509) == NID_sha256WithRSAEncryption);
    CHECK(X509_check_ca(x509) == 0);
    X509_free(x509);
    BIO_free(bio);
    CHECK_FATAL(mhsm_wrapping_certificate_decode(data, size, &certificate,
                                                 NULL) == MHSM_OK);
    CHECK_TEXT(mhsm_wrapping_certificate_subject(certificate),
               "CN=Ren\xc3\xa9");
    CHECK(mhsm_wrapping_certificate_has_key(certificate, spki.data, spki.size));
    mhsm_wrapping_certificate_free(certificate);
    mhsm_result_free(pem);

    /* Of another key, and of what is none. */
    key = vector_holder(1);
    CHECK(!mhsm_wrapping_certificate_has_key(mhsm_wrapping_key_certificate(key),
                                             spki.data, spki.size));
    CHECK(!mhsm_wrapping_certificate_has_key(mhsm_wrapping_key_certificate(key),
                                             spki.data, spki.size - 1));
    CHECK(!mhsm_wrapping_certificate_has_key(mhsm_wrapping_key_certificate(key),
                                             NULL, 0));
    CHECK(!mhsm_wrapping_certificate_has_key(mhsm_wrapping_key_certificate(key),
                                             spki.data, 70000));
    mhsm_wrapping_key_free(key);
    CHECK(ERR_peek_error() == 0);
}

static void not_certifying(void)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    mhsm_result *pem = NULL;
    mhsm_error *err = NULL;
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(ec, &der);

    CHECK(generate("", 10, &pem, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "1 to 64 octets");
    CHECK(generate("a", 0, &pem, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "1 to 36500 days");
    CHECK(mhsm_wrapping_certificate_generate("a", 1, NULL, 0, sign, &away, &pem,
                                             &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "a public key and who signs");
    CHECK(mhsm_wrapping_certificate_generate("a", 1, der, (size_t)size, sign,
                                             &away, &pem,
                                             &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "is an RSA key");
    CHECK(mhsm_wrapping_certificate_generate("a", 1, der, 3, sign, &away, &pem,
                                             &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "is an RSA key");
    away.fault = "refused";
    CHECK(generate("a", 10, &pem, &err) == MHSM_ERR_FORBIDDEN);
    check_error(&err, MHSM_ERR_FORBIDDEN, "not to be signed with");
    away.fault = "another signature";
    CHECK(generate("a", 10, &pem, &err) == MHSM_ERR_PROTOCOL);
    check_error(&err, MHSM_ERR_PROTOCOL, "no signature of the key");
    away.fault = NULL;
    /* No name of a certificate. */
    CHECK(generate("\xff", 10, &pem, &err) == MHSM_ERR_INTERNAL);
    check_error(&err, MHSM_ERR_INTERNAL, "making a certificate");
    CHECK(pem == NULL);
    OPENSSL_free(der);
    EVP_PKEY_free(ec);
    CHECK(ERR_peek_error() == 0);
}

static void release(void *context)
{
    CHECK(context == &away);
    away.released++;
}

static mhsm_status decrypt(void *context, const unsigned char *data,
                           size_t size, unsigned char *out, size_t *out_size,
                           mhsm_error **err)
{
    (void)context, (void)data, (void)size, (void)out, (void)out_size;
    return mhsmi_error(err, MHSM_ERR_FORBIDDEN, "not to be decrypted with");
}

static void remote(void)
{
    const mhsm_wrapping_certificate *certificate =
        mhsm_wrapping_key_certificate(away.key);
    mhsm_security_domain *domain = domain_of("sd_3of2/sd.json");
    mhsm_domain_opening *opening = opening_of(domain);
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;

    CHECK(mhsm_wrapping_key_remote(NULL, decrypt, release, &away, &key, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "who decrypts");
    CHECK(away.released == 0);
    CHECK(mhsm_wrapping_key_remote(certificate, decrypt, release, &away, &key,
                                   NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, key, &err) ==
          MHSM_ERR_FORBIDDEN);
    check_error(&err, MHSM_ERR_FORBIDDEN, "not to be decrypted with");
    CHECK(mhsm_domain_opening_count(opening) == 0);
    mhsm_wrapping_key_free(key);
    CHECK(away.released == 1);
    mhsm_domain_opening_free(opening);
    mhsm_security_domain_free(domain);
}

static void path_of(char *uri, size_t size, const char *name)
{
    (void)snprintf(uri, size, "file:%s/tests/data/security-domain/%s",
                   getenv("TEST_SOURCE"), name);
}

/* OpenSSL's own store, of files. */
static void stored(void)
{
    const mhsm_wrapping_certificate *list[2];
    mhsm_wrapping_key *other = vector_holder(1), *key = NULL;
    mhsm_security_domain *domain = domain_of("sd_3of2/sd.json");
    mhsm_domain_opening *opening = opening_of(domain);
    mhsm_error *err = NULL;
    char uri[512];

    list[0] = mhsm_wrapping_key_certificate(other);
    list[1] = mhsm_wrapping_key_certificate(away.key);
    path_of(uri, sizeof(uri), "sd_3of2/cert_0.key.der");
    CHECK_FATAL(mhsm_wrapping_key_stored("default", uri, NULL, NULL, list, 2,
                                         &key, NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_add_key(opening, key, NULL) == MHSM_OK);
    CHECK(mhsm_domain_opening_has(opening, 0));
    mhsm_wrapping_key_free(key);
    key = NULL;
    CHECK(mhsm_wrapping_key_stored("default", uri, NULL, NULL, list, 1, &key,
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "none of the 1 certificates");
    CHECK(mhsm_wrapping_key_stored("none", uri, NULL, NULL, list, 2, &key,
                                   &err) == MHSM_ERR_CONFIG);
    check_error(&err, MHSM_ERR_CONFIG, "provider none cannot be loaded");
    CHECK(mhsm_wrapping_key_stored("default", "none:1", NULL, NULL, list, 2,
                                   &key, &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "store does not open it");
    path_of(uri, sizeof(uri), "sd_3of2/cert_0.cer");
    CHECK(mhsm_wrapping_key_stored("default", uri, NULL, NULL, list, 2, &key,
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "gives no private key");
    CHECK(mhsm_wrapping_key_stored(NULL, uri, NULL, NULL, list, 2, &key,
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "needs a provider and a URI");
    CHECK(key == NULL && ERR_peek_error() == 0);
    mhsm_domain_opening_free(opening);
    mhsm_security_domain_free(domain);
    mhsm_wrapping_key_free(other);
}

/* What asks for the password of a store: each answer in turn. */
static mhsm_status give(void *context, char *text, size_t size,
                        mhsm_error **err)
{
    const char *const *answer = context;

    if (*answer == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "nobody to ask");
    (void)snprintf(text, size, "%s", *answer);
    return MHSM_OK;
}

static void stored_encrypted(void)
{
    static const struct {
        const char *answer, *part;
    } rows[] = {{"secret", NULL},
                {"wrong", "gives no private key"},
                {NULL, "nobody to ask"}};
    mhsm_result *pem = NULL, *certified = NULL;
    const mhsm_wrapping_certificate *list[1];
    mhsm_wrapping_certificate *certificate = NULL;
    mhsm_error *err = NULL;
    const unsigned char *data;
    char path[] = "/tmp/mhsm-test-XXXXXX", uri[64];
    size_t size, i;
    int fd = mkstemp(path);

    CHECK_FATAL(fd >= 0);
    CHECK_FATAL(mhsm_wrapping_key_generate("a", 2048, 10, "secret", &pem,
                                           &certified, NULL) == MHSM_OK);
    data = mhsm_result_data(certified, &size);
    CHECK_FATAL(mhsm_wrapping_certificate_decode(data, size, &certificate,
                                                 NULL) == MHSM_OK);
    list[0] = certificate;
    data = mhsm_result_data(pem, &size);
    CHECK(write(fd, data, size) == (ssize_t)size);
    (void)close(fd);
    (void)snprintf(uri, sizeof(uri), "file:%s", path);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *answer = rows[i].answer;
        mhsm_wrapping_key *key = NULL;
        mhsm_status st = mhsm_wrapping_key_stored("default", uri, give, &answer,
                                                  list, 1, &key, &err);

        CHECK((st == MHSM_OK) == (rows[i].part == NULL));
        if (st != MHSM_OK)
            check_error(&err, MHSM_ERR_ARGUMENT, rows[i].part);
        mhsm_wrapping_key_free(key);
        key = NULL;
        st = mhsm_wrapping_key_stored("default", uri, give, &answer, list, 1,
                                      &key, NULL);
        CHECK((st == MHSM_OK) == (rows[i].part == NULL));
        mhsm_wrapping_key_free(key);
    }
    CHECK(mhsm_wrapping_key_stored("default", uri, NULL, NULL, list, 1,
                                   &(mhsm_wrapping_key *){NULL},
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "gives no private key");
    (void)unlink(path);
    mhsm_wrapping_certificate_free(certificate);
    mhsm_result_free(certified);
    mhsm_result_free(pem);
    CHECK(ERR_peek_error() == 0);
}

static mhsm_status check_blob(const char *text, const char *exchange,
                              mhsm_error **err)
{
    mhsm_wrapping_certificate *certificate = certificate_of(exchange);
    mhsm_status st = mhsm_domain_restore_blob_check(
        (const unsigned char *)text, strlen(text), certificate, err);

    mhsm_wrapping_certificate_free(certificate);
    return st;
}

static void blobs(void)
{
    static const struct {
        const char *text, *part;
    } rows[] = {
        {"", "the restore blob is empty"},
        {"[]", "the restore blob: it is no JSON object"},
        {"{}", "the restore blob: it has no object EncData"},
    };
    static const struct {
        const char *from, *to, *part;
    } changes[] = {
        {"\"WrappedKey\"", "\"Wrapped\"", "it has no object WrappedKey"},
        {"\"x5t_256\"", "\"x5t_255\"", "WrappedKey has no x5t_256"},
        {"\"enc_key\"", "\"enc_kez\"", "WrappedKey: it has no enc_key"},
    };
    struct mhsmi_buf text;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK(check_blob(rows[i].text, "sd_3of2/exchange.cer", &err) ==
              MHSM_ERR_DAMAGED);
        check_error(&err, MHSM_ERR_DAMAGED, rows[i].part);
    }
    vector_read(&text, "sd_3of2/restore_blob_det.json");
    CHECK(check_blob(mhsmi_buf_text(&text), "sd_3of2/exchange.cer", NULL) ==
          MHSM_OK);
    CHECK(check_blob(mhsmi_buf_text(&text), "sd_3of2/cert_0.cer", &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "for another exchange key");
    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char *at = strstr((char *)text.data, changes[i].from);

        CHECK_FATAL(at != NULL);
        memcpy(at, changes[i].to, strlen(changes[i].to));
        if (strlen(changes[i].to) < strlen(changes[i].from))
            memmove(at + strlen(changes[i].to), at + strlen(changes[i].from),
                    strlen(at + strlen(changes[i].from)) + 1);
        CHECK(check_blob(mhsmi_buf_text(&text), "sd_3of2/exchange.cer", &err) ==
              MHSM_ERR_DAMAGED);
        check_error(&err, MHSM_ERR_DAMAGED, changes[i].part);
        mhsmi_buf_clear(&text);
        vector_read(&text, "sd_3of2/restore_blob_det.json");
    }
    mhsmi_buf_clear(&text);
}

/* Without memory: an error, and nothing is leaked. */
static int is_expected(mhsm_status st, mhsm_error **err)
{
    mhsm_error_free(err);
    CHECK(st == MHSM_OK || st == MHSM_ERR_MEMORY || st == MHSM_ERR_DAMAGED ||
          st == MHSM_ERR_INTERNAL);
    return st == MHSM_OK;
}

static int generating(void)
{
    mhsm_result *pem = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = generate("a", 10, &pem, &err);

    mhsm_result_free(pem);
    return is_expected(st, &err);
}

static int storing(void)
{
    const mhsm_wrapping_certificate *list[1] = {
        mhsm_wrapping_key_certificate(away.key)};
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;
    mhsm_status st;
    char uri[512];

    path_of(uri, sizeof(uri), "sd_3of2/cert_0.key.der");
    st = mhsm_wrapping_key_stored("default", uri, NULL, NULL, list, 1, &key,
                                  &err);
    mhsm_wrapping_key_free(key);
    return is_expected(st, &err);
}

static struct mhsmi_buf blob;

static int checking(void)
{
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_domain_restore_blob_check(
        blob.data, blob.size, mhsm_wrapping_key_certificate(away.key), &err);

    /* For another key, once there is memory enough to see that. */
    return st == MHSM_ERR_ARGUMENT ? (mhsm_error_free(&err), 1)
                                   : is_expected(st, &err);
}

static void torturing(void)
{
    vector_read(&blob, "sd_3of2/restore_blob_det.json");
    torture(generating);
    torture(storing);
    torture(checking);
    mhsmi_buf_clear(&blob);
}

static void end(void)
{
    mhsm_wrapping_key_free(away.key);
    mhsmi_buf_clear(&spki);
}

int main(void)
{
    static const struct check checks[] = {
        {"begin", begin},
        {"certificates signed elsewhere", certifying},
        {"and what are none", not_certifying},
        {"a key elsewhere", remote},
        {"a key at a provider", stored},
        {"with a password", stored_encrypted},
        {"restore blobs", blobs},
        {"memory that runs out", torturing},
        {"end", end},
        {NULL, NULL}};

    return check_main("domain elsewhere", checks);
}
