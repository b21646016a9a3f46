/* SPDX-License-Identifier: MIT
 *
 * Signing in with a workload identity: the file of the token, what the
 * authority says to the token, and the token proxy of a cluster.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pairs.h"
#include "support.h"

static const char issuer[] = "https://issuer.example/one";
static const char subject[] = "system:serviceaccount:default:signer";
static const char audience[] = "api://AzureADTokenExchange";
static char client_id[64];
static struct tp_pair own, other;

static void prepare(void)
{
    struct json_object *proof = json_object_new_object();
    struct th_principal principal;
    char *key;

    tc_prepare("auth");
    own = tp_rsa("issuer", 2048, NULL);
    other = tp_rsa("other", 2048, NULL);
    th_principal_new("pod", "Managed HSM Crypto User", "/keys/auth",
                     &principal);
    memcpy(client_id, principal.id, sizeof(client_id));
    key = tp_public_pem(&own);
    json_object_object_add(proof, "issuer", json_object_new_string(issuer));
    json_object_object_add(proof, "subject", json_object_new_string(subject));
    json_object_object_add(proof, "audience", json_object_new_string(audience));
    json_object_object_add(proof, "key", json_object_new_string(key));
    th_prove(client_id, proof);
    free(key);
}

/* A token of the issuer's, good for `life` seconds. */
static char *token(const struct tp_pair *pair, const char *sub, const char *aud,
                   long life)
{
    char claims[1024];
    long now = (long)time(NULL);

    snprintf(claims, sizeof(claims),
             "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"iat\":%ld,"
             "\"nbf\":%ld,\"exp\":%ld}",
             issuer, sub, aud, now - 60, now - 60, now + life);
    return tp_jwt(pair, claims);
}

static char *good_token(void)
{
    return token(&own, subject, audience, 3600);
}

static void use(const char *path)
{
    setenv("AZURE_CLIENT_ID", client_id, 1);
    unsetenv("AZURE_CLIENT_SECRET");
    setenv("AZURE_FEDERATED_TOKEN_FILE", path, 1);
}

static void restore(void)
{
    th_environment_reset();
    unsetenv("AZURE_FEDERATED_TOKEN_FILE");
    unsetenv("AZURE_KUBERNETES_TOKEN_PROXY");
    unsetenv("AZURE_KUBERNETES_SNI_NAME");
    unsetenv("AZURE_KUBERNETES_CA_FILE");
    unsetenv("AZURE_KUBERNETES_CA_DATA");
}

static mhsm_status get_with(const char *const *options, mhsm_error **err)
{
    return tc_get("mhsm:auth", options, err);
}

static void files(void)
{
    char link[512];
    char *large = malloc(70000);
    mhsm_error *err = NULL;

    use(tp_write_texts("token", strdup("\n  "), good_token(), strdup(" \r\n"),
                       NULL));
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    TC_STATUS(get_with(TC_OPTIONS("credential=workload-identity"), &err),
              MHSM_OK);
    /* As Kubernetes has it. */
    snprintf(link, sizeof(link), "%s/token-link", th_state());
    CU_ASSERT(symlink("token", link) == 0);
    use(link);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    use("/nowhere/token");
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CONFIG, "No such file");
    use(th_state());
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CONFIG, "no regular file");
    use(tp_write("token", "", 0));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "holds no token");
    use(tp_write("token", " \n\t\r\n", 5));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "holds no token");
    use(tp_write("token", "a\0b", 3));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "holds no token");
    use(tp_write("token", "two words", 9));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "holds no token");
    memset(large, 'a', 70000);
    use(tp_write("token", large, 70000));
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CONFIG, "larger than 64 KiB");
    restore();
    TC_ERROR(get_with(TC_OPTIONS("credential=workload-identity"), &err),
             MHSM_ERR_CREDENTIAL, "AZURE_FEDERATED_TOKEN_FILE");
    free(large);
}

static void refuse(char *text, const char *part)
{
    mhsm_error *err = NULL;

    use(tp_write("token", text, strlen(text)));
    CU_ASSERT(get_with(NULL, &err) == MHSM_ERR_CREDENTIAL);
    TH_TRUE(strstr(mhsm_error_text(err), part) != NULL, "\"%s\" not in: %s",
            part, mhsm_error_text(err));
    TH_TRUE(strstr(mhsm_error_text(err), text) == NULL, "the token is in: %s",
            mhsm_error_text(err));
    mhsm_error_free(&err);
    restore();
    free(text);
}

static void refused(void)
{
    refuse(strdup("not-a-token"), "AADSTS50027");
    refuse(token(&own, "system:serviceaccount:default:else", audience, 3600),
           "AADSTS700213");
    refuse(token(&own, "system:serviceaccount:default:else", audience, 3600),
           "compare it with the service account");
    refuse(token(&own, subject, "https://elsewhere.example", 3600),
           "AADSTS70021:");
    refuse(token(&other, subject, audience, 3600), "AADSTS700027");
    refuse(token(&own, subject, audience, -1), "AADSTS700024");
}

static void rotation(void)
{
    static const unsigned char digest[32];
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_client *client;
    mhsm_key *key;

    use(tp_write_texts("token", good_token(), NULL));
    client = tc_open(NULL);
    key = tc_key(client, "mhsm:auth");
    (void)tp_write_texts("token", token(&own, subject, audience, -1), NULL);
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_CREDENTIAL, "AADSTS700024");
    (void)tp_write_texts("token", good_token(), NULL);
    th_sleep_ms(1200); /* a failure is remembered for a second */
    TC_STATUS(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
              MHSM_OK);
    mhsm_result_free(result);
    mhsm_key_free(key);
    mhsm_client_free(client);
    restore();
}

/* The cluster's proxy is at an address; the authority itself is nowhere. */
static void use_proxy(void)
{
    char proxy[128];

    use(tp_write_texts("token", good_token(), NULL));
    snprintf(proxy, sizeof(proxy), "https://127.0.0.1%s/token-proxy",
             strrchr(th_host(), ':'));
    setenv("AZURE_KUBERNETES_TOKEN_PROXY", proxy, 1);
    setenv("AZURE_AUTHORITY_HOST", "https://localhost:1", 1);
}

static char *read_ca(void)
{
    FILE *file = fopen(getenv("MHSM_CA_FILE"), "r");
    char *text = calloc(1, 65536);

    CU_ASSERT_FATAL(file != NULL && text != NULL);
    CU_ASSERT(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void proxied(void)
{
    mhsm_error *err = NULL;
    char *ca = read_ca(), *foreign = tp_certificate_pem(&other);

    use_proxy();
    setenv("AZURE_KUBERNETES_CA_FILE", getenv("MHSM_CA_FILE"), 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    /* By the name localhost, with the proxy's own in the Host header. */
    setenv("AZURE_KUBERNETES_SNI_NAME", "localhost", 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    unsetenv("AZURE_KUBERNETES_CA_FILE");
    setenv("AZURE_KUBERNETES_CA_DATA", ca, 1);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    /* A name that the certificate does not have. */
    setenv("AZURE_KUBERNETES_SNI_NAME", "proxy.example", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_TLS, "proxy.example");
    /* Its roots are the only ones: those of the authority do not count. */
    setenv("AZURE_KUBERNETES_SNI_NAME", "localhost", 1);
    setenv("AZURE_KUBERNETES_CA_DATA", foreign, 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_TLS, "cannot trust");
    unsetenv("AZURE_KUBERNETES_CA_DATA");
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_TLS, "cannot trust");
    restore();
    free(ca), free(foreign);
}

/* The file of the roots is read for each token; an empty one is being
 * written. */
static void proxy_roots(void)
{
    static const unsigned char digest[32];
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_client *client;
    mhsm_key *key;

    use_proxy();
    setenv("AZURE_KUBERNETES_CA_FILE", tp_write("roots.pem", "", 0), 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CONFIG, "empty");
    setenv("AZURE_KUBERNETES_CA_FILE", "/nowhere/roots.pem", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CONFIG, "No such file");
    setenv("AZURE_KUBERNETES_CA_FILE",
           tp_write_texts("roots.pem", read_ca(), NULL), 1);
    client = tc_open(NULL);
    key = tc_key(client, "mhsm:auth");
    (void)tp_write("roots.pem", "", 0);
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    TC_STATUS(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
              MHSM_OK);
    mhsm_result_free(result);
    result = NULL;
    (void)tp_write_texts("roots.pem", tp_certificate_pem(&other), NULL);
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_TLS, "cannot trust");
    mhsm_key_free(key);
    mhsm_client_free(client);
    restore();
}

/* What cannot be meant: said when the client is made. */
static void refuse_settings(const char *part)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_config_set_environment(config, &err);

    if (st == MHSM_OK)
        st = mhsm_client_new(config, &client, &err);
    CU_ASSERT(st == MHSM_ERR_CONFIG && client == NULL);
    TH_TRUE(strstr(mhsm_error_text(err), part) != NULL, "\"%s\" not in: %s",
            part, mhsm_error_text(err));
    mhsm_error_free(&err);
    mhsm_config_free(config);
}

static void proxy_settings(void)
{
    static const char *const urls[] = {
        "http://127.0.0.1:1", "https://me@127.0.0.1", "https://127.0.0.1/?a=b",
        "https://127.0.0.1/#a", "127.0.0.1"};
    char *ca = read_ca();
    size_t i;

    use(tp_write_texts("token", good_token(), NULL));
    setenv("AZURE_KUBERNETES_SNI_NAME", "localhost", 1);
    refuse_settings("AZURE_KUBERNETES_SNI_NAME");
    unsetenv("AZURE_KUBERNETES_SNI_NAME");
    setenv("AZURE_KUBERNETES_CA_FILE", "/etc/ca.pem", 1);
    refuse_settings("AZURE_KUBERNETES_CA_FILE");
    setenv("AZURE_KUBERNETES_TOKEN_PROXY", "https://127.0.0.1", 1);
    setenv("AZURE_KUBERNETES_CA_DATA", ca, 1);
    refuse_settings("AZURE_KUBERNETES_CA_DATA");
    unsetenv("AZURE_KUBERNETES_CA_FILE");
    unsetenv("AZURE_KUBERNETES_TOKEN_PROXY");
    refuse_settings("AZURE_KUBERNETES_CA_DATA");
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        setenv("AZURE_KUBERNETES_TOKEN_PROXY", urls[i], 1);
        refuse_settings("AZURE_KUBERNETES_TOKEN_PROXY");
    }
    restore();
    free(ca);
}

static void finish(void)
{
    tp_free(&own), tp_free(&other);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},
        {"files", files},
        {"refused", refused},
        {"rotation", rotation},
        {"proxied", proxied},
        {"proxy_roots", proxy_roots},
        {"proxy_settings", proxy_settings},
        {"finish", finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_auth_workload", tests);
}
