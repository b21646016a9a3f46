/* SPDX-License-Identifier: MIT
 *
 * Signing in with a certificate: every form of the file, every fault in it,
 * and what the authority says to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "pairs.h"
#include "support.h"

static const char password[] = "pass-word with a space";
static char client_id[64];
static struct tp_pair own, issued, middle, root, other, ec;

static void prove(const char *kind, const struct tp_pair *pair,
                  const char *subject)
{
    struct json_object *proof = json_object_new_object();
    char *pem = tp_certificate_pem(pair);

    json_object_object_add(proof, kind, json_object_new_string(pem));
    if (subject != NULL)
        json_object_object_add(proof, "subject",
                               json_object_new_string(subject));
    th_prove(client_id, proof);
    free(pem);
}

static void prepare(void)
{
    struct th_principal principal;

    tc_prepare("auth");
    own = tp_rsa("own", 2048, NULL);
    root = tp_rsa("root", 2048, NULL);
    middle = tp_rsa("middle", 2048, &root);
    issued = tp_rsa("issued", 3072, &middle);
    other = tp_rsa("other", 2048, NULL);
    ec = tp_ec("own");
    th_principal_new("app", "Managed HSM Crypto User", "/keys/auth",
                     &principal);
    memcpy(client_id, principal.id, sizeof(client_id));
    prove("certificate", &own, NULL);
    prove("authority", &root, "issued");
}

/* The environment of a program that has a certificate at `path` alone. */
static void use(const char *path)
{
    setenv("AZURE_CLIENT_ID", client_id, 1);
    unsetenv("AZURE_CLIENT_SECRET");
    setenv("AZURE_CLIENT_CERTIFICATE_PATH", path, 1);
    unsetenv("AZURE_CLIENT_CERTIFICATE_PASSWORD");
}

static void restore(void)
{
    th_environment_reset();
    unsetenv("AZURE_CLIENT_CERTIFICATE_PATH");
    unsetenv("AZURE_CLIENT_CERTIFICATE_PASSWORD");
}

static mhsm_status get_with(const char *const *options, mhsm_error **err)
{
    return tc_get("mhsm:auth", options, err);
}

static void forms(void)
{
    mhsm_error *err = NULL;

    use(tp_write_texts("key-first.pem", tp_key_pem(&own, NULL),
                       tp_certificate_pem(&own), NULL));
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    use(tp_write_texts("key-last.pem", strdup("Bag Attributes\n  name: x\n"),
                       tp_certificate_pem(&root), tp_certificate_pem(&own),
                       tp_certificate_pem(&other), tp_key_pem(&own, NULL),
                       NULL));
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    TC_STATUS(get_with(TC_OPTIONS("credential=client-certificate"), &err),
              MHSM_OK);
    use(tp_write_pkcs12("plain.p12", &own, NULL, ""));
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    use(tp_write_pkcs12("own.p12", &own, &root, password));
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", password, 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    use(tp_write_texts("encrypted.pem", tp_certificate_pem(&own),
                       tp_key_pem(&own, password), NULL));
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", password, 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    restore();
}

static void algorithms(void)
{
    mhsm_error *err = NULL;

    use(tp_write_texts("own.pem", tp_key_pem(&own, NULL),
                       tp_certificate_pem(&own), NULL));
    TC_STATUS(get_with(TC_OPTIONS("assertion-algorithm=PS256"), &err), MHSM_OK);
    TC_STATUS(get_with(TC_OPTIONS("assertion-algorithm=RS256"), &err), MHSM_OK);
    /* AD FS: its own path, and the old algorithm by itself. */
    TC_STATUS(get_with(TC_OPTIONS("tenant-id=adfs",
                                  "resource=https://managedhsm.azure.net"),
                       &err),
              MHSM_OK);
    TC_ERROR(get_with(TC_OPTIONS("tenant-id=adfs",
                                 "resource=https://managedhsm.azure.net",
                                 "assertion-algorithm=PS256"),
                      &err),
             MHSM_ERR_CREDENTIAL, "assertion-algorithm = RS256");
    restore();
}

/* An application that trusts an issuer and a name wants the chain, in order
 * whatever the order of the file. */
static void chains(void)
{
    mhsm_error *err = NULL;

    use(tp_write_texts("chain.pem", tp_certificate_pem(&root),
                       tp_key_pem(&issued, NULL), tp_certificate_pem(&other),
                       tp_certificate_pem(&middle), tp_certificate_pem(&issued),
                       NULL));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS700027");
    setenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true", 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    setenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "1", 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    use(tp_write_texts("short.pem", tp_key_pem(&issued, NULL),
                       tp_certificate_pem(&issued), NULL));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS700030");
    use(tp_write_texts("name.pem", tp_key_pem(&middle, NULL),
                       tp_certificate_pem(&middle), NULL));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL,
             "send-certificate-chain");
    unsetenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    restore();
}

/* Each fault in the file: one clear error, no request to the authority, and
 * nothing of what is secret in it. */
static void refuse(const char *path, const char *part)
{
    mhsm_error *err = NULL;

    use(path);
    th_reset();
    CU_ASSERT(get_with(TC_OPTIONS("credential=client-certificate"), &err) ==
              MHSM_ERR_CONFIG);
    TH_TRUE(strstr(mhsm_error_text(err), part) != NULL, "\"%s\" not in: %s",
            part, mhsm_error_text(err));
    TH_TRUE(strstr(mhsm_error_text(err), path) != NULL, "%s not in: %s", path,
            mhsm_error_text(err));
    CU_ASSERT(strstr(mhsm_error_text(err), password) == NULL);
    CU_ASSERT(strstr(mhsm_error_text(err), "MII") == NULL);
    CU_ASSERT(th_route("POST /token") == 0);
    mhsm_error_free(&err);
    restore();
}

static void files(void)
{
    static const char reference[] = "-----BEGIN MHSM KEY REFERENCE-----\n"
                                    "AAAA\n"
                                    "-----END MHSM KEY REFERENCE-----\n";
    struct tp_pair small = tp_rsa("small", 1024, NULL);
    char *large = calloc(1, 70000);

    refuse("/nowhere/client.pem", "No such file");
    refuse(th_state(), "no regular file");
    refuse(tp_write("empty.pem", "", 0), "empty");
    refuse(tp_write("large.pem", large, 70000), "larger than 64 KiB");
    refuse(tp_write("garbage.pem", "garbage", 7), "no private key");
    refuse(tp_write_texts("no-key.pem", tp_certificate_pem(&own), NULL),
           "no private key");
    refuse(tp_write_texts("no-certificate.pem", tp_key_pem(&own, NULL), NULL),
           "holds no certificate");
    refuse(tp_write_texts("mismatch.pem", tp_key_pem(&own, NULL),
                          tp_certificate_pem(&other), NULL),
           "no certificate of its private key");
    refuse(tp_write_texts("two.pem", tp_key_pem(&own, NULL),
                          tp_key_pem(&other, NULL), tp_certificate_pem(&own),
                          NULL),
           "more than one private key");
    refuse(tp_write_texts("ec.pem", tp_key_pem(&ec, NULL),
                          tp_certificate_pem(&ec), NULL),
           "no RSA key");
    refuse(tp_write_texts("small.pem", tp_key_pem(&small, NULL),
                          tp_certificate_pem(&small), NULL),
           "less than 2048 bits");
    /* A key of the HSM cannot open the HSM. */
    refuse(tp_write_texts("reference.pem", strdup(reference),
                          tp_certificate_pem(&own), NULL),
           "key in the HSM");
    refuse("mhsm:auth", "key in the HSM");
    tp_free(&small);
    free(large);
}

static void passwords(void)
{
    char option[600];
    mhsm_error *err = NULL;

    refuse(tp_write_pkcs12("own.p12", &own, NULL, password),
           "client-certificate-password");
    refuse(tp_write_texts("encrypted.pem", tp_key_pem(&own, password),
                          tp_certificate_pem(&own), NULL),
           "there is no password");
    use(tp_write_pkcs12("own.p12", &own, NULL, password));
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "another-password", 1);
    CU_ASSERT(get_with(NULL, &err) == MHSM_ERR_CONFIG);
    CU_ASSERT(strstr(mhsm_error_text(err), "cannot be decrypted") != NULL);
    CU_ASSERT(strstr(mhsm_error_text(err), "another-password") == NULL);
    mhsm_error_free(&err);
    unsetenv("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    snprintf(option, sizeof(option), "client-certificate-password=file:%s",
             tp_write("password", password, strlen(password)));
    TC_STATUS(get_with(TC_OPTIONS(option), &err), MHSM_OK);
    restore();
}

static void refused(void)
{
    mhsm_error *err = NULL;

    use(tp_write_texts("other.pem", tp_key_pem(&other, NULL),
                       tp_certificate_pem(&other), NULL));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS700027");
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "upload it");
    setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS700016");
    unsetenv("AZURE_CLIENT_ID");
    TC_ERROR(get_with(TC_OPTIONS("credential=client-certificate"), &err),
             MHSM_ERR_CREDENTIAL, "AZURE_CLIENT_ID");
    restore();
    TC_ERROR(get_with(TC_OPTIONS("credential=client-certificate"), &err),
             MHSM_ERR_CREDENTIAL, "AZURE_CLIENT_CERTIFICATE_PATH");
    /* A secret comes first, even a wrong one. */
    use("/nowhere");
    setenv("AZURE_CLIENT_SECRET", "wrong", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS7000215");
    restore();
}

static mhsm_status sign(mhsm_client *client, const mhsm_key *key,
                        mhsm_error **err)
{
    static const unsigned char digest[32];
    mhsm_result *result = NULL;
    mhsm_status st =
        mhsm_sign(client, key, "ES256", digest, sizeof(digest), &result, err);

    mhsm_result_free(result);
    return st;
}

/* The file is replaced while a program runs: the next token is by the new
 * one. */
static void rotation(void)
{
    mhsm_error *err = NULL;
    mhsm_client *client;
    mhsm_key *key;

    use(tp_write_texts("rotated.pem", tp_key_pem(&own, NULL),
                       tp_certificate_pem(&own), NULL));
    client = tc_open(NULL);
    key = tc_key(client, "mhsm:auth");
    (void)tp_write_texts("rotated.pem", tp_key_pem(&other, NULL),
                         tp_certificate_pem(&other), NULL);
    TC_STATUS(sign(client, key, &err), MHSM_OK);
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    TC_ERROR(sign(client, key, &err), MHSM_ERR_CREDENTIAL, "AADSTS700027");
    prove("certificate", &other, NULL);
    th_sleep_ms(1200); /* a failure is remembered for a second */
    TC_STATUS(sign(client, key, &err), MHSM_OK);
    mhsm_key_free(key);
    mhsm_client_free(client);
    restore();
}

static void check_log(const char *path)
{
    static const char *const secrets[] = {"PRIVATE", "MII", "eyJ", "pass-word",
                                          "client_assertion"};
    FILE *file = fopen(path, "r");
    char line[4096];
    int lines = 0;
    size_t i;

    CU_ASSERT_FATAL(file != NULL);
    for (; fgets(line, sizeof(line), file) != NULL; lines++)
        for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
            TH_TRUE(strstr(line, secrets[i]) == NULL, "%s", line);
    TH_TRUE(lines != 0, "%s is empty", path);
    fclose(file);
}

static void logged(void)
{
    char path[512], option[600];
    mhsm_error *err = NULL;

    snprintf(path, sizeof(path), "%s/log", th_state());
    snprintf(option, sizeof(option), "log-file=%s", path);
    use(tp_write_texts("logged.pem", tp_key_pem(&own, password),
                       tp_certificate_pem(&own), NULL));
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", password, 1);
    th_fault("\"route\":\"token\",\"action\":\"status\",\"status\":503,"
             "\"count\":1");
    TC_STATUS(get_with(TC_OPTIONS("log-level=debug", option), &err), MHSM_OK);
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "no", 1);
    CU_ASSERT(get_with(TC_OPTIONS("log-level=debug", option), NULL) ==
              MHSM_ERR_CONFIG);
    check_log(path);
    restore();
}

/* What the program has in OpenSSL's error queue stays there, alone, whatever
 * is wrong with the file: the queue holds sixteen entries. */
static void check_queue(const char *path, mhsm_status expected)
{
    mhsm_error *err = NULL;
    int i;

    use(path);
    setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "wrong", 1);
    for (i = 1; i <= 4; i++)
        ERR_raise(ERR_LIB_USER, 70 + i);
    TC_STATUS(get_with(NULL, &err), expected);
    for (i = 1; i <= 4; i++)
        TH_TRUE(ERR_GET_REASON(ERR_get_error()) == 70 + i, "%s: entry %d", path,
                i);
    TH_TRUE(ERR_peek_error() == 0, "%s: %s", path,
            ERR_error_string(ERR_peek_error(), NULL));
    ERR_clear_error();
    restore();
}

static void queue(void)
{
    static const char block[] = "-----BEGIN PRIVATE KEY-----\nMAAA\n"
                                "-----END PRIVATE KEY-----\n"
                                "-----BEGIN CERTIFICATE-----\nMIIA\n"
                                "-----END CERTIFICATE-----\n"
                                "-----BEGIN WHATEVER-----\nMIIA\n"
                                "-----END OTHER-----\n";
    char *damaged = calloc(20, sizeof(block));
    int i;

    check_queue(tp_write_texts("queue.pem", tp_key_pem(&own, NULL),
                               tp_certificate_pem(&own), NULL),
                MHSM_OK);
    check_queue(tp_write("queue.pem", "no file of ours", 15), MHSM_ERR_CONFIG);
    check_queue(tp_write_pkcs12("queue.p12", &own, &root, password),
                MHSM_ERR_CONFIG);
    check_queue(tp_write_texts("queue.pem", tp_key_pem(&own, password), NULL),
                MHSM_ERR_CONFIG);
    for (i = 0; i < 20; i++)
        memcpy(damaged + (size_t)i * (sizeof(block) - 1), block,
               sizeof(block) - 1);
    check_queue(tp_write_texts("queue.pem", strdup(damaged), NULL),
                MHSM_ERR_CONFIG);
    /* What is good is found among it. */
    check_queue(tp_write_texts("queue.pem", strdup(damaged),
                               tp_certificate_pem(&own), strdup(damaged),
                               tp_key_pem(&own, NULL), NULL),
                MHSM_OK);
    free(damaged);
}

static void finish(void)
{
    tp_free(&own), tp_free(&issued), tp_free(&middle), tp_free(&root);
    tp_free(&other), tp_free(&ec);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},   {"forms", forms},   {"algorithms", algorithms},
        {"chains", chains},     {"files", files},   {"passwords", passwords},
        {"refused", refused},   {"logged", logged}, {"queue", queue},
        {"rotation", rotation}, {"finish", finish}, CU_TEST_INFO_NULL,
    };

    return th_main("client_auth_certificate", tests);
}
