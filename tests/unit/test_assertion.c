/* SPDX-License-Identifier: MIT
 *
 * Client assertions octet by octet: what the JWT holds, that each is another
 * one, and that memory may run out at any place of reading the file, signing
 * and making the credentials.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/assertion.h"
#include "auth/credential.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/json.h"
#include "check.h"
#include "torture.h"

static const char audience[] = "https://login.example/t/oauth2/v2.0/token";
static char path[] = "/tmp/mhsm-assertion-XXXXXX";
static mhsm_config *config;

/* Key and self-signed certificate in one file. */
static void make_file(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *made = X509_new();
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    CHECK(key != NULL && made != NULL && file != NULL);
    CHECK(X509_set_version(made, X509_VERSION_3) &&
          X509_gmtime_adj(X509_getm_notBefore(made), 0) != NULL &&
          X509_gmtime_adj(X509_getm_notAfter(made), 3600) != NULL &&
          X509_NAME_add_entry_by_txt(
              X509_get_subject_name(made), "CN", MBSTRING_ASC,
              (const unsigned char *)"client", -1, -1, 0) &&
          X509_set_issuer_name(made, X509_get_subject_name(made)) &&
          X509_set_pubkey(made, key) && X509_sign(made, key, EVP_sha256()) > 0);
    CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(PEM_write_X509(file, made) == 1);
    CHECK(fclose(file) == 0);
    X509_free(made);
    EVP_PKEY_free(key);
}

static void configure(const char *name, const char *value)
{
    CHECK(mhsm_config_set(config, name, value, MHSM_ORIGIN_FILE, NULL) ==
          MHSM_OK);
}

static void prepare(void)
{
    make_file();
    config = mhsm_config_new();
    CHECK(config != NULL);
    configure("client-id", "app");
    configure("client-certificate", path);
    configure("federated-token-file", path);
    configure("token-proxy", "https://10.0.0.1:8443/path");
    configure("token-proxy-sni", "proxy.example");
}

/* The n-th part of the JWT as JSON. */
static struct json_object *part(const char *jwt, int n)
{
    struct json_object *object;
    struct mhsmi_buf text;

    for (; n > 0; n--)
        jwt = strchr(jwt, '.') + 1;
    mhsmi_buf_init(&text, 65536);
    CHECK(mhsmi_base64url_decode(&text, jwt, strcspn(jwt, ".")));
    object = mhsmi_json_parse(text.data, text.size);
    CHECK(object != NULL);
    mhsmi_buf_clear(&text);
    return object;
}

static int is_text(struct json_object *object, const char *name,
                   const char *value)
{
    const char *found = mhsmi_json_string(object, name);

    return found != NULL && strcmp(found, value) == 0;
}

static void check_signature(const char *jwt, EVP_PKEY *key, int padding)
{
    const char *end = strrchr(jwt, '.');
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    struct mhsmi_buf signature;

    mhsmi_buf_init(&signature, 4096);
    CHECK(mhsmi_base64url_decode(&signature, end + 1, strlen(end + 1)));
    CHECK(EVP_DigestVerifyInit(ctx, &inner, EVP_sha256(), NULL, key) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_padding(inner, padding) > 0);
    if (padding == RSA_PKCS1_PSS_PADDING)
        CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, 32) > 0);
    CHECK(EVP_DigestVerify(ctx, signature.data, signature.size,
                           (const unsigned char *)jwt,
                           (size_t)(end - jwt)) == 1);
    EVP_MD_CTX_free(ctx);
    mhsmi_buf_clear(&signature);
}

static void check_one(const char *jwt, const struct mhsmi_assertion *assertion)
{
    struct json_object *header = part(jwt, 0), *claims = part(jwt, 1);
    const char *thumbprint =
        mhsmi_json_string(header, assertion->legacy ? "x5t" : "x5t#S256");
    int64_t now = mhsmi_clock_unix(), nbf = mhsmi_json_int(claims, "nbf", 0);

    CHECK(is_text(header, "alg", assertion->legacy ? "RS256" : "PS256"));
    CHECK(is_text(header, "typ", "JWT"));
    CHECK(thumbprint != NULL &&
          strlen(thumbprint) == (assertion->legacy ? 27 : 43));
    CHECK((mhsmi_json_array(header, "x5c") != NULL) == assertion->with_chain);
    CHECK(json_object_object_length(header) == 3 + assertion->with_chain);
    CHECK(is_text(claims, "aud", audience) && is_text(claims, "iss", "app") &&
          is_text(claims, "sub", "app"));
    CHECK(nbf <= now && nbf > now - 60);
    CHECK(mhsmi_json_int(claims, "exp", 0) == nbf + 600);
    CHECK(strlen(mhsmi_json_string(claims, "jti")) == 36);
    check_signature(jwt, X509_get0_pubkey(assertion->certificate->leaf),
                    assertion->legacy ? RSA_PKCS1_PADDING
                                      : RSA_PKCS1_PSS_PADDING);
    json_object_put(header);
    json_object_put(claims);
}

static void contents(void)
{
    struct mhsmi_certificate certificate;
    struct mhsmi_assertion assertion = {
        .certificate = &certificate, .client = "app", .audience = audience};
    struct json_object *first, *second;
    struct mhsmi_buf one, two;
    int i;

    CHECK(mhsmi_certificate_read(config, &certificate, NULL) == MHSM_OK);
    mhsmi_buf_init(&one, mhsmi_assertion_max);
    mhsmi_buf_init(&two, mhsmi_assertion_max);
    for (i = 0; i < 4; i++) {
        assertion.legacy = i & 1;
        assertion.with_chain = i >> 1;
        mhsmi_buf_clear(&one);
        CHECK(mhsmi_assertion_make(&assertion, &one, NULL) == MHSM_OK);
        check_one(mhsmi_buf_text(&one), &assertion);
    }
    CHECK(mhsmi_assertion_make(&assertion, &two, NULL) == MHSM_OK);
    first = part(mhsmi_buf_text(&one), 1);
    second = part(mhsmi_buf_text(&two), 1);
    CHECK(!is_text(first, "jti", mhsmi_json_string(second, "jti")));
    json_object_put(first);
    json_object_put(second);
    mhsmi_buf_clear(&one);
    mhsmi_buf_clear(&two);
    mhsmi_certificate_clear(&certificate);
    ERR_clear_error();
}

static int judge(mhsm_status st, mhsm_error **err)
{
    CHECK(st == MHSM_OK || st == MHSM_ERR_MEMORY);
    CHECK((*err == NULL) == (st == MHSM_OK));
    mhsm_error_free(err);
    return st == MHSM_OK;
}

static int try_assertion(void)
{
    struct mhsmi_certificate certificate;
    struct mhsmi_assertion assertion = {.certificate = &certificate,
                                        .client = "app",
                                        .audience = audience,
                                        .with_chain = 1};
    struct mhsmi_buf text;
    mhsm_error *err = NULL;
    mhsm_status st;

    mhsmi_buf_init(&text, mhsmi_assertion_max);
    st = mhsmi_certificate_read(config, &certificate, &err);
    if (st == MHSM_OK)
        st = mhsmi_assertion_make(&assertion, &text, &err);
    mhsmi_certificate_clear(&certificate);
    mhsmi_buf_clear(&text);
    return judge(st, &err);
}

static int try_create(const struct mhsmi_credential_type *type)
{
    struct mhsmi_credential *credential = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = type->create(config, &credential, &err);

    mhsmi_credential_free(credential);
    return judge(st, &err);
}

static int try_certificate(void)
{
    return try_create(&mhsmi_client_certificate);
}

static int try_workload(void)
{
    return try_create(&mhsmi_workload_identity);
}

static void running_out(void)
{
    torture(try_assertion);
    torture(try_certificate);
    torture(try_workload);
}

static void finish(void)
{
    mhsm_config_free(config);
    CHECK(unlink(path) == 0);
}

int main(void)
{
    static const struct check tests[] = {
        {"prepare", prepare},
        {"contents", contents},
        {"running_out", running_out},
        {"finish", finish},
        {NULL, NULL},
    };

    return check_main("assertion", tests);
}
