/* SPDX-License-Identifier: MIT
 *
 * The harness's OpenSSL side: library contexts, keys by URI, signatures, and
 * the error queue.  Every signature is judged by the default provider alone;
 * must never let the module judge itself where the module is under test.
 */
#include "harness.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include "harness_internal.h"

static OSSL_LIB_CTX *plain;
static OSSL_PROVIDER *plain_default;

OSSL_LIB_CTX *th_plain(void)
{
    if (plain == NULL) {
        plain = OSSL_LIB_CTX_new();
        if (plain == NULL ||
            (plain_default = OSSL_PROVIDER_load(plain, "default")) == NULL)
            th_die("no default provider");
    }
    return plain;
}

void th_plain_close(void)
{
    OSSL_PROVIDER_unload(plain_default);
    OSSL_LIB_CTX_free(plain);
    plain = NULL;
    plain_default = NULL;
}

const char *th_order_name(enum th_order order)
{
    static const char *const names[] = {"last", "first", "preferred"};

    return names[order];
}

void th_context_open(struct th_context *context, enum th_order order)
{
    static const char *const names[][2] = {
        {"default", "mhsm"}, {"mhsm", "default"}, {"default", "mhsm"}};
    const char *modules = getenv("TEST_MODULES");
    size_t i;

    context->lib = OSSL_LIB_CTX_new();
    if (context->lib == NULL || modules == NULL ||
        !OSSL_PROVIDER_set_default_search_path(context->lib, modules))
        th_die("no library context, or TEST_MODULES is not set");
    for (i = 0; i < 2; i++) {
        context->providers[i] =
            OSSL_PROVIDER_load(context->lib, names[order][i]);
        if (context->providers[i] == NULL)
            th_die("provider %s does not load", names[order][i]);
    }
    if (order == TH_PREFERRED &&
        !EVP_set_default_properties(context->lib, "?provider=mhsm"))
        th_die("the default properties are refused");
    if (ERR_peek_error() != 0)
        th_die("loading providers left errors behind");
}

void th_context_close(struct th_context *context)
{
    OSSL_PROVIDER_unload(context->providers[1]);
    OSSL_PROVIDER_unload(context->providers[0]);
    OSSL_LIB_CTX_free(context->lib);
    context->lib = NULL;
}

void th_contexts_open(struct th_context contexts[3])
{
    for (int order = TH_LAST; order <= TH_PREFERRED; order++)
        th_context_open(&contexts[order], (enum th_order)order);
}

void th_contexts_close(struct th_context contexts[3])
{
    for (int order = TH_LAST; order <= TH_PREFERRED; order++)
        th_context_close(&contexts[order]);
}

/* Keys -------------------------------------------------------------------- */

EVP_PKEY *th_open_as(OSSL_LIB_CTX *lib, const char *uri, int expect)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(uri, lib, NULL, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info;
    EVP_PKEY *key = NULL;

    if (store == NULL)
        return NULL;
    if (OSSL_STORE_expect(store, expect)) {
        while (key == NULL && !OSSL_STORE_eof(store)) {
            info = OSSL_STORE_load(store);
            if (info == NULL)
                break;
            if (OSSL_STORE_INFO_get_type(info) == expect)
                key = expect == OSSL_STORE_INFO_PUBKEY
                          ? OSSL_STORE_INFO_get1_PUBKEY(info)
                          : OSSL_STORE_INFO_get1_PKEY(info);
            OSSL_STORE_INFO_free(info);
        }
    }
    OSSL_STORE_close(store);
    return key;
}

EVP_PKEY *th_open(OSSL_LIB_CTX *lib, const char *uri)
{
    return th_open_as(lib, uri, OSSL_STORE_INFO_PKEY);
}

EVP_PKEY *th_must_open(OSSL_LIB_CTX *lib, const char *uri)
{
    EVP_PKEY *key = th_open(lib, uri);

    if (key == NULL)
        th_die("%s does not load", uri);
    if (ERR_peek_error() != 0)
        th_die("loading %s left errors behind", uri);
    return key;
}

EVP_PKEY *th_public(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    EVP_PKEY *made;
    int size = i2d_PUBKEY(key, &der);

    if (size <= 0)
        th_die("a key has no SubjectPublicKeyInfo");
    at = der;
    made = d2i_PUBKEY_ex(NULL, &at, size, th_plain(), NULL);
    if (made == NULL || at != der + size)
        th_die("a SubjectPublicKeyInfo is not readable");
    OPENSSL_free(der);
    return made;
}

struct th_scheme th_scheme_of(EVP_PKEY *key)
{
    struct th_scheme scheme = {"SHA256", 0};
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_is_a(key, "RSA"))
        scheme.padding = RSA_PKCS1_PADDING;
    else if (bits == 384)
        scheme.digest = "SHA384";
    else if (bits == 521)
        scheme.digest = "SHA512";
    return scheme;
}

static int apply_scheme(EVP_PKEY_CTX *ctx, const struct th_scheme *scheme)
{
    if (scheme->padding == 0)
        return 1;
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, scheme->padding) <= 0)
        return 0;
    return scheme->padding != RSA_PKCS1_PSS_PADDING ||
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

unsigned char *th_sign(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                       const struct th_scheme *scheme, const char *text,
                       size_t *size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    const unsigned char *data = (const unsigned char *)text;
    unsigned char *signature = NULL;
    size_t made = 0;
    int ok = 0;

    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest, lib, NULL, key,
                              NULL) <= 0 ||
        !apply_scheme(pctx, scheme))
        goto out;
    if (EVP_DigestSign(ctx, NULL, &made, data, strlen(text)) <= 0)
        goto out;
    signature = OPENSSL_malloc(made);
    if (signature == NULL)
        goto out;
    if (EVP_DigestSign(ctx, signature, &made, data, strlen(text)) <= 0)
        goto out;
    *size = made;
    ok = 1;
out:
    if (!ok) {
        OPENSSL_free(signature);
        signature = NULL;
    }
    EVP_MD_CTX_free(ctx);
    return signature;
}

int th_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct th_scheme *scheme,
              const char *text, const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int result = -1;

    if (ctx != NULL &&
        EVP_DigestVerifyInit_ex(ctx, &pctx, scheme->digest, lib, NULL, key,
                                NULL) > 0 &&
        apply_scheme(pctx, scheme))
        result = EVP_DigestVerify(ctx, signature, size,
                                  (const unsigned char *)text, strlen(text));
    EVP_MD_CTX_free(ctx);
    return result;
}

int th_sign_and_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                       const struct th_scheme *scheme, const char *text)
{
    size_t size = 0;
    unsigned char *signature = th_sign(lib, key, scheme, text, &size);
    EVP_PKEY *judge;
    int valid;

    if (signature == NULL)
        return 0;
    judge = th_public(key);
    valid = th_verify(th_plain(), judge, scheme, text, signature, size) == 1;
    EVP_PKEY_free(judge);
    OPENSSL_free(signature);
    return valid;
}

int th_sign_digest(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                   const struct th_scheme *scheme, const unsigned char *digest,
                   size_t digest_size, unsigned char *signature, size_t *size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    EVP_MD *md =
        scheme->digest == NULL ? NULL : EVP_MD_fetch(lib, scheme->digest, NULL);
    int ok;

    ok = ctx != NULL && EVP_PKEY_sign_init(ctx) > 0 &&
         (scheme->padding == 0 ||
          EVP_PKEY_CTX_set_rsa_padding(ctx, scheme->padding) > 0) &&
         (md == NULL || EVP_PKEY_CTX_set_signature_md(ctx, md) > 0) &&
         EVP_PKEY_sign(ctx, signature, size, digest, digest_size) > 0;
    EVP_MD_free(md);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* Error queue ------------------------------------------------------------- */

enum { QUEUE_TEXT = 8192 };

struct queue {
    int ours, all;
    int raw; /* control characters in our entries: they come from outside */
    char text[QUEUE_TEXT]; /* our entries, a line each */
    char dump[QUEUE_TEXT]; /* all of them */
};

static void append(char *to, size_t max, const char *line)
{
    size_t used = strlen(to);

    if (used < max)
        snprintf(to + used, max - used, "%s\n", line);
}

static int has_controls(const char *line)
{
    for (; *line != '\0'; line++) {
        if (iscntrl((unsigned char)*line))
            return 1;
    }
    return 0;
}

/* The module's entries carry its name as their library; before it is loaded
 * there is no such library, and its name begins the text. */
static int is_ours(const char *library, const char *data)
{
    return (library != NULL && strncmp(library, "mhsm", 4) == 0) ||
           strncmp(data, "mhsm: ", 6) == 0;
}

static void take_queue(struct queue *queue)
{
    const char *data, *library, *reason;
    char line[2048];
    unsigned long code;
    int flags;

    memset(queue, 0, sizeof(*queue));
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        library = ERR_lib_error_string(code);
        reason = ERR_reason_error_string(code);
        snprintf(line, sizeof(line), "%s: %s: %s",
                 library == NULL ? "?" : library, reason == NULL ? "?" : reason,
                 (flags & ERR_TXT_STRING) != 0 ? data : "");
        queue->all++;
        append(queue->dump, sizeof(queue->dump), line);
        if (is_ours(library, (flags & ERR_TXT_STRING) != 0 ? data : "")) {
            queue->ours++;
            queue->raw += has_controls(line);
            append(queue->text, sizeof(queue->text), line);
        }
    }
}

/* Scenarios may also run in a program of their own, outside any test: their
 * caller looks at what they return. */
static void report(int holds, const char *condition, const char *file,
                   unsigned int line)
{
    if (CU_get_current_test() == NULL)
        return;
    CU_assertImplementation(holds ? CU_TRUE : CU_FALSE, line, condition, file,
                            "", CU_FALSE);
}

void th_queue_quiet(const char *file, unsigned int line)
{
    struct queue queue;

    take_queue(&queue);
    if (queue.all != 0)
        fprintf(stderr, "\n%s:%u: left on the error queue:\n%s", file, line,
                queue.dump);
    report(queue.all == 0, "error queue is empty", file, line);
}

static int holds(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

void th_queue_one(const char *file, unsigned int line, const char *const *parts)
{
    struct queue queue;
    int good;

    take_queue(&queue);
    good = queue.ours == 1 && queue.raw == 0;
    for (; *parts != NULL; parts++) {
        if (!holds(queue.text, *parts)) {
            fprintf(stderr, "\n%s:%u: no \"%s\" in the error\n", file, line,
                    *parts);
            good = 0;
        }
    }
    if (!good)
        fprintf(stderr, "\n%s:%u: the error queue held (%d ours):\n%s", file,
                line, queue.ours, queue.dump);
    report(good, "exactly one clear entry of the module", file, line);
}

void th_true(int value, const char *condition, const char *file,
             unsigned int line, const char *format, ...)
{
    va_list args;

    if (!value) {
        va_start(args, format);
        fprintf(stderr, "\n%s:%u: %s does not hold: ", file, line, condition);
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
        va_end(args);
        if (ERR_peek_error() != 0)
            ERR_print_errors_fp(stderr);
    }
    report(value, condition, file, line);
}
