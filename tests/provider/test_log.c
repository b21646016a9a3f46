/* SPDX-License-Identifier: MIT
 *
 * The log: nothing at all unless it is asked for, enough to follow a request
 * when it is, and never a secret, a token, a digest or a message in it, nor in
 * the error queue.
 */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LOG_LIMIT = 1 << 20 };

static const char message[] = "a message that nobody else should read";
static char path[512];

static char *read_log(size_t *size)
{
    char *data = calloc(1, LOG_LIMIT + 1);
    FILE *file = fopen(path, "r");

    *size = 0;
    if (data == NULL)
        th_die("out of memory");
    if (file != NULL) {
        *size = fread(data, 1, LOG_LIMIT, file);
        fclose(file);
    }
    return data;
}

/* One of each: a key, a signature, a decryption, a refusal. */
static void work(OSSL_LIB_CTX *lib)
{
    struct th_scheme scheme = {"SHA256", RSA_PKCS1_PADDING};
    EVP_PKEY *key = th_must_open(lib, "mhsm:lg-rsa");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    unsigned char sealed[256], out[256];
    size_t size = sizeof(sealed), made = sizeof(out);

    CU_ASSERT(th_sign_and_verify(lib, key, &scheme, message));
    CU_ASSERT(EVP_PKEY_encrypt_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_encrypt(ctx, sealed, &size,
                               (const unsigned char *)message,
                               strlen(message)) > 0);
    CU_ASSERT(EVP_PKEY_decrypt_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0);
    CU_ASSERT(made == strlen(message) && memcmp(out, message, made) == 0);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    TH_QUIET();
    CU_ASSERT_PTR_NULL(th_open(lib, "mhsm:lg-none"));
    TH_ONE_ERROR("404");
}

static void silent_by_default(void)
{
    struct th_context context;
    int saved = dup(STDERR_FILENO), file;
    struct stat status;

    th_rsa_create("lg-rsa", 2048, NULL);
    snprintf(path, sizeof(path), "%s/mhsm.log", th_state());
    fflush(stderr);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (saved < 0 || file < 0)
        th_die("no file for stderr");
    dup2(file, STDERR_FILENO);
    th_context_open(&context, TH_LAST);
    work(context.lib);
    th_context_close(&context);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    CU_ASSERT(fstat(file, &status) == 0 && status.st_size == 0);
    close(saved);
    close(file);
    unlink(path);
}

static void base64url(const unsigned char *data, size_t size, char *out)
{
    EVP_EncodeBlock((unsigned char *)out, data, (int)size);
    for (; *out != '\0'; out++) {
        if (*out == '+')
            *out = '-';
        else if (*out == '/')
            *out = '_';
        else if (*out == '=')
            *out = '\0';
    }
}

static void tells_requests_and_no_secret(void)
{
    struct th_context context;
    unsigned char digest[32];
    char digest_text[64], message_text[128], *log;
    const char *token = th_token(), *secret = getenv("AZURE_CLIENT_SECRET");
    const char *forbidden[6];
    struct stat status;
    size_t i, size;

    setenv("MHSM_LOG_LEVEL", "debug", 1);
    setenv("MHSM_LOG_FILE", path, 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_LOG_LEVEL");
    unsetenv("MHSM_LOG_FILE");
    work(context.lib);
    th_context_close(&context);
    log = read_log(&size);
    CU_ASSERT(size > 0 && size < LOG_LIMIT);
    CU_ASSERT(stat(path, &status) == 0 && (status.st_mode & 077) == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "lg-none"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "404"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "request id"));
    EVP_Q_digest(th_plain(), "SHA256", NULL, message, strlen(message), digest,
                 &size);
    base64url(digest, sizeof(digest), digest_text);
    base64url((const unsigned char *)message, strlen(message), message_text);
    forbidden[0] = secret;
    forbidden[1] = message;
    forbidden[2] = digest_text;
    forbidden[3] = message_text;
    forbidden[4] = "eyJ"; /* how every token begins */
    forbidden[5] = strrchr(token, '.');
    for (i = 0; i < COUNT(forbidden); i++)
        TH_TRUE(forbidden[i] != NULL && strstr(log, forbidden[i]) == NULL,
                "row %zu", i);
    free(log);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"silent by default", silent_by_default},
        {"tells requests and no secret", tells_requests_and_no_secret},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: log", tests);
}
