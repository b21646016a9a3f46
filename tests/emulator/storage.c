/* SPDX-License-Identifier: MIT
 *
 * One request a call, by libcurl, with a bound on time and size. Nothing is
 * tried again: who asked for the backup does that.
 */
#include "storage.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX     8192
#define SECONDS_MAX 20L
#define VERSION     "x-ms-version: 2020-10-02"
#define CODE_HEADER "x-ms-error-code:"

struct transfer {
    CURL *curl;
    struct curl_slist *headers;
    char url[URL_MAX];
    struct emu_bytes body;
    char code[64]; /* x-ms-error-code */
    int too_large;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;

    if (size * count > EMU_STORAGE_MAX - t->body.len) {
        t->too_large = 1;
        return 0;
    }
    return emu_bytes_append(&t->body, data, size * count) ? size * count : 0;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    static const char wanted[] = CODE_HEADER;
    struct transfer *t = context;
    size_t len = size * count, skip = sizeof(wanted) - 1, i;

    if (len > skip && curl_strnequal(data, wanted, skip)) {
        while (skip < len && data[skip] == ' ')
            skip++;
        for (i = 0; skip < len && i < sizeof(t->code) - 1; i++, skip++) {
            if (data[skip] == '\r' || data[skip] == '\n')
                break;
            t->code[i] = data[skip];
        }
        t->code[i] = '\0';
    }
    return len;
}

static int add_header(struct transfer *t, const char *text)
{
    struct curl_slist *grown = curl_slist_append(t->headers, text);

    if (grown != NULL)
        t->headers = grown;
    return grown != NULL;
}

static int add_bearer(struct transfer *t, const char *token)
{
    size_t size = strlen(token) + 32;
    char *text = malloc(size);
    int ok = text != NULL;

    if (ok) {
        snprintf(text, size, "Authorization: Bearer %s", token);
        ok = add_header(t, text);
    }
    emu_text_free(text);
    return ok;
}

static int transfer_init(struct transfer *t, const struct emu_storage *s,
                         const char *path)
{
    int len;

    memset(t, 0, sizeof(*t));
    len = snprintf(t->url, sizeof(t->url), "%s/%s%s%s", s->container, path,
                   s->sas != NULL ? "?" : "", s->sas != NULL ? s->sas : "");
    t->curl = curl_easy_init();
    return t->curl != NULL && len > 0 && (size_t)len < sizeof(t->url) &&
           add_header(t, VERSION) &&
           (s->sas != NULL || add_bearer(t, s->bearer)) &&
           curl_easy_setopt(t->curl, CURLOPT_URL, t->url) == CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "https") ==
               CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, SECONDS_MAX) ==
               CURLE_OK &&
           (s->ca_file == NULL || curl_easy_setopt(t->curl, CURLOPT_CAINFO,
                                                   s->ca_file) == CURLE_OK) &&
           curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body) ==
               CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header) ==
               CURLE_OK &&
           curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t) == CURLE_OK;
}

static void transfer_clear(struct transfer *t)
{
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(t->headers);
    emu_bytes_free(&t->body);
    OPENSSL_cleanse(t->url, sizeof(t->url));
}

__attribute__((format(printf, 3, 4))) static void
explain(struct emu_storage_failure *failure, const char *code,
        const char *format, ...)
{
    va_list values;

    snprintf(failure->code, sizeof(failure->code), "%s", code);
    va_start(values, format);
    vsnprintf(failure->message, sizeof(failure->message), format, values);
    va_end(values);
}

/* Sends it, and takes any other status than `expected` for a failure. */
static int perform(struct transfer *t, long expected,
                   struct emu_storage_failure *failure)
{
    CURLcode result;
    long status = 0;
    char text[32];

    if (curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK) {
        explain(failure, "InternalServerError", "out of memory");
        return 0;
    }
    result = curl_easy_perform(t->curl);
    if (t->too_large) {
        explain(failure, "BadRequest", "a blob is too large");
        return 0;
    }
    if (result != CURLE_OK) {
        explain(failure, "StorageUnreachable",
                "The storage account cannot be reached: %s",
                curl_easy_strerror(result));
        return 0;
    }
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == expected)
        return 1;
    snprintf(text, sizeof(text), "HTTP %ld", status);
    explain(failure, t->code[0] != '\0' ? t->code : "StorageError",
            "The storage account refused the request: %s",
            t->code[0] != '\0' ? t->code : text);
    return 0;
}

int emu_storage_put(const struct emu_storage *s, const char *path,
                    const char *text, struct emu_storage_failure *failure)
{
    struct transfer t;
    int ok = 0;

    if (transfer_init(&t, s, path) &&
        add_header(&t, "x-ms-blob-type: BlockBlob") &&
        add_header(&t, "Content-Type: application/octet-stream") &&
        add_header(&t, "Expect:") &&
        curl_easy_setopt(t.curl, CURLOPT_CUSTOMREQUEST, "PUT") == CURLE_OK &&
        curl_easy_setopt(t.curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)strlen(text)) == CURLE_OK &&
        curl_easy_setopt(t.curl, CURLOPT_POSTFIELDS, text) == CURLE_OK)
        ok = perform(&t, 201, failure);
    else
        explain(failure, "InternalServerError", "out of memory");
    transfer_clear(&t);
    return ok;
}

int emu_storage_get(const struct emu_storage *s, const char *path,
                    struct emu_bytes *out, struct emu_storage_failure *failure)
{
    struct transfer t;
    int ok = 0;

    if (transfer_init(&t, s, path))
        ok = perform(&t, 200, failure);
    else
        explain(failure, "InternalServerError", "out of memory");
    if (ok &&
        (t.body.len == 0 || memchr(t.body.data, '\0', t.body.len) != NULL)) {
        explain(failure, "BadRequest", "The blob %s is no part of a backup",
                path);
        ok = 0;
    }
    if (ok && !emu_bytes_append(&t.body, "", 1)) {
        explain(failure, "InternalServerError", "out of memory");
        ok = 0;
    }
    if (ok) {
        emu_bytes_free(out);
        *out = t.body;
        t.body.data = NULL;
        t.body.len = 0;
    }
    transfer_clear(&t);
    return ok;
}

int emu_storage_delete(const struct emu_storage *s, const char *path,
                       struct emu_storage_failure *failure)
{
    struct transfer t;
    int ok = 0;

    if (transfer_init(&t, s, path) &&
        curl_easy_setopt(t.curl, CURLOPT_CUSTOMREQUEST, "DELETE") == CURLE_OK)
        ok = perform(&t, 202, failure);
    else
        explain(failure, "InternalServerError", "out of memory");
    transfer_clear(&t);
    return ok;
}
