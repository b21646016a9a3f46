/* SPDX-License-Identifier: MIT
 *
 * The command with an ML-DSA key, against a scripted HSM and so with any
 * OpenSSL: what goes to the HSM is mu, as FIPS 204 has it, and never the file.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scripted_client.h"

/* Octets that are all zero, as the service writes them: ML-DSA-44. */
enum { PUBLIC = 1312, SIGNATURE = 2420, MU = 64 };
#define LETTERS(octets) (((octets)*4 + 2) / 3)

static const char text[] = "the content of the file";
static char key_body[4096], sign_body[4096];
static char file[512], out[512];
static unsigned char zeros[SIGNATURE];

static const struct ts_answer rows[] = {
    TS_TOKEN,
    {"GET /keys/k", "api-version=2026-05-01-preview", 1, 0, 200, NULL, NULL,
     key_body},
    {TS_SIGN_ROUTE, NULL, 1, 0, 200, NULL, NULL, sign_body},
    {TS_VERIFY_ROUTE, NULL, 1, 0, 200, NULL, NULL, "{\"value\":true}"},
    TS_END,
};

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *stream = fopen(path, "wb");

    if (stream == NULL || fwrite(data, 1, size, stream) != size ||
        fclose(stream) != 0)
        th_die("cannot write %s", path);
}

static void prepare(void)
{
    const struct {
        const char *name, *value;
    } variables[] = {
        {"MHSM_ENDPOINT", ts_url()},
        {"MHSM_CA_FILE", ts_ca()},
        {"AZURE_AUTHORITY_HOST", ts_url()},
        {"MHSM_AUTHORITY_CA_FILE", ts_ca()},
        {"AZURE_TENANT_ID", "t-1"},
        {"AZURE_CLIENT_ID", "c-1"},
        {"AZURE_CLIENT_SECRET", "s-1"},
        {"MHSM_RETRIES", "0"},
        {"MHSM_RESOURCE", "https://managedhsm.azure.net"},
        {"MHSM_API_VERSION", "2026-05-01-preview"},
    };
    char pub[LETTERS(PUBLIC) + 1] = "", sig[LETTERS(SIGNATURE) + 1] = "";
    size_t i;

    for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        setenv(variables[i].name, variables[i].value, 1);
    memset(pub, 'A', sizeof(pub) - 1);
    memset(sig, 'A', sizeof(sig) - 1);
    snprintf(key_body, sizeof(key_body),
             "{\"key\":{\"kid\":\"$E/keys/k/" TS_V1 "\",\"kty\":\"AKP-HSM\","
             "\"alg\":\"ML-DSA-44\",\"pub\":\"%s\","
             "\"key_ops\":[\"sign\",\"verify\"]}}",
             pub);
    snprintf(sign_body, sizeof(sign_body),
             "{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"%s\"}", sig);
    snprintf(file, sizeof(file), "%s/file", th_state());
    snprintf(out, sizeof(out), "%s/signature", th_state());
    write_file(file, text, strlen(text));
    ts_script(rows);
}

static void begin(void)
{
    ts_start();
    prepare();
}

static void finish(void)
{
    ts_stop();
    th_environment_reset();
}

/* The exit code of `mhsm` with these arguments, ended by NULL. */
static int run(const char *const *arguments)
{
    const char *program = getenv("TEST_COMMAND");
    char *copies[16];
    size_t i;
    int status = -1;
    pid_t child;

    if (program == NULL)
        th_die("TEST_COMMAND is not set");
    copies[0] = strdup(program);
    for (i = 0; arguments[i] != NULL && i < 14; i++)
        copies[i + 1] = strdup(arguments[i]);
    copies[i + 1] = NULL;
    if (posix_spawn(&child, program, NULL, NULL, copies, environ) != 0 ||
        waitpid(child, &status, 0) != child)
        th_die("cannot run %s", program);
    for (i = 0; copies[i] != NULL; i++)
        free(copies[i]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void shake(const unsigned char *data, size_t size, unsigned char *digest)
{
    EVP_MD *method = EVP_MD_fetch(th_plain(), "SHAKE256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    CU_ASSERT_FATAL(EVP_DigestInit_ex2(ctx, method, NULL) == 1 &&
                    EVP_DigestUpdate(ctx, data, size) == 1 &&
                    EVP_DigestFinalXOF(ctx, digest, MU) == 1);
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(method);
}

/* {"external_mu":"...": of the file, with a context; base64url. */
static const char *expected(const char *context)
{
    static char member[160];
    unsigned char all[512] = {0}, mu[MU], base64[96];
    size_t size = strlen(context), i;

    shake(zeros, PUBLIC, all);
    all[MU + 1] = (unsigned char)size;
    memcpy(all + MU + 2, context, size);
    memcpy(all + MU + 2 + size, text, strlen(text));
    shake(all, MU + 2 + size + strlen(text), mu);
    EVP_EncodeBlock(base64, mu, MU);
    for (i = 0; base64[i] != '\0'; i++)
        base64[i] = (unsigned char)(base64[i] == '+'   ? '-'
                                    : base64[i] == '/' ? '_'
                                    : base64[i] == '=' ? '\0'
                                                       : base64[i]);
    snprintf(member, sizeof(member), "{\"external_mu\":\"%s\"",
             (const char *)base64);
    return member;
}

static int begins(const char *body, const char *start)
{
    return body != NULL && strncmp(body, start, strlen(start)) == 0;
}

static void signing(void)
{
    CU_ASSERT_EQUAL(RUN("sign", "--name", "k", "--out", out, file), 0);
    CU_ASSERT(begins(ts_body(TS_SIGN_ROUTE), expected("")));
    CU_ASSERT_EQUAL(
        RUN("sign", "--name", "k", "--context", "616263", "--out", out, file),
        0);
    CU_ASSERT(begins(ts_body(TS_SIGN_ROUTE), expected("abc")));
    CU_ASSERT_EQUAL(ts_count(TS_SIGN_ROUTE), 2);
    CU_ASSERT_EQUAL(ts_stray(), 0);
}

/* Where OpenSSL has ML-DSA the command judges by itself, else the HSM does. */
static void verifying(void)
{
    EVP_SIGNATURE *method = EVP_SIGNATURE_fetch(th_plain(), "ML-DSA-44", NULL);
    int local = method != NULL;

    EVP_SIGNATURE_free(method);
    write_file(out, zeros, sizeof(zeros));
    CU_ASSERT_EQUAL(RUN("verify", "--name", "k", "--context", "616263",
                        "--signature", out, "--remote", file),
                    0);
    CU_ASSERT(begins(ts_body(TS_VERIFY_ROUTE), expected("abc")));
    CU_ASSERT_EQUAL(ts_count(TS_VERIFY_ROUTE), 1);
    CU_ASSERT_EQUAL(RUN("verify", "--name", "k", "--signature", out, file),
                    local ? 6 : 0);
    CU_ASSERT_EQUAL(ts_count(TS_VERIFY_ROUTE), local ? 1 : 2);
    if (!local)
        CU_ASSERT(begins(ts_body(TS_VERIFY_ROUTE), expected("")));
}

/* Its public key is one for any OpenSSL that only reads ASN.1. */
static void downloading(void)
{
    unsigned char der[2048];
    FILE *stream;
    size_t size;

    CU_ASSERT_EQUAL(RUN("key", "download", "--name", "k", "--encoding", "DER",
                        "--out", out),
                    0);
    stream = fopen(out, "rb");
    CU_ASSERT_FATAL(stream != NULL);
    size = fread(der, 1, sizeof(der), stream);
    fclose(stream);
    CU_ASSERT_EQUAL(size, 22 + PUBLIC);
    CU_ASSERT(memcmp(der + 22, zeros, PUBLIC) == 0);
    CU_ASSERT_EQUAL(RUN("key", "show", "--name", "k"), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"begin", begin},         {"signing", signing},
        {"verifying", verifying}, {"downloading", downloading},
        {"finish", finish},       CU_TEST_INFO_NULL,
    };

    return th_main("client_mldsa_command", tests);
}
