/* SPDX-License-Identifier: MIT
 *
 * The error object.  Making one must never fail in a way that hides the first
 * failure: when memory is out, a static object stands in.  Text from outside
 * is cleaned here, once, so that every reader may print it.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum { text_max = 2048 };

struct mhsm_error {
    mhsm_status status;
    int http_status;
    char *message, *hint, *code, *request_id;
    char *text; /* all of it, remade at each change; NULL: out of memory */
};

static char memory_text[] = "out of memory";
static struct mhsm_error memory_error = {
    .status = MHSM_ERR_MEMORY, .message = memory_text, .text = memory_text};

static const char *const status_names[] = {
    [MHSM_OK] = "ok",
    [MHSM_ERR_MEMORY] = "memory",
    [MHSM_ERR_ARGUMENT] = "argument",
    [MHSM_ERR_CONFIG] = "config",
    [MHSM_ERR_URI] = "uri",
    [MHSM_ERR_CREDENTIAL] = "credential",
    [MHSM_ERR_UNAUTHORIZED] = "unauthorized",
    [MHSM_ERR_FORBIDDEN] = "forbidden",
    [MHSM_ERR_KEY_DISABLED] = "key-disabled",
    [MHSM_ERR_KEY_OPERATION] = "key-operation",
    [MHSM_ERR_NOT_FOUND] = "not-found",
    [MHSM_ERR_CONFLICT] = "conflict",
    [MHSM_ERR_REJECTED] = "rejected",
    [MHSM_ERR_THROTTLED] = "throttled",
    [MHSM_ERR_SERVICE] = "service",
    [MHSM_ERR_NOT_ACTIVATED] = "not-activated",
    [MHSM_ERR_RESOLVE] = "resolve",
    [MHSM_ERR_CONNECT] = "connect",
    [MHSM_ERR_TLS] = "tls",
    [MHSM_ERR_TIMEOUT] = "timeout",
    [MHSM_ERR_TRANSPORT] = "transport",
    [MHSM_ERR_PROTOCOL] = "protocol",
    [MHSM_ERR_UNSUPPORTED] = "unsupported",
    [MHSM_ERR_DAMAGED] = "damaged",
    [MHSM_ERR_IO] = "io",
    [MHSM_ERR_INTERNAL] = "internal",
};

const char *mhsm_status_name(mhsm_status status)
{
    size_t i = (size_t)status;

    if ((int)status < 0 || i >= sizeof(status_names) / sizeof(status_names[0]))
        return "unknown";
    return status_names[i];
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Formatted, bounded and cleaned; NULL when out of memory. */
MHSMI_PRINTF(1, 0) static char *make_text(const char *format, va_list args)
{
    char scratch[text_max + 8];

    if (vsnprintf(scratch, sizeof(scratch), format, args) < 0)
        return NULL;
    mhsmi_text_clean(scratch, text_max);
    return mhsmi_strdup(scratch);
}

static char *clean_copy(const char *text)
{
    char *copy = text == NULL ? NULL : mhsmi_strndup(text, text_max + 8);

    if (copy != NULL)
        mhsmi_text_clean(copy, text_max);
    return copy;
}

/* "message (HTTP 403 AccessDenied, request id ...); hint". */
static void remake_text(struct mhsm_error *e)
{
    const char *code = or_empty(e->code), *id = or_empty(e->request_id);
    const char *hint = or_empty(e->hint);
    struct mhsmi_buf buf;
    int ok;

    mhsmi_buf_init(&buf, (size_t)8 * text_max);
    ok = mhsmi_buf_puts(&buf, or_empty(e->message));
    if (e->http_status != 0)
        ok = ok && mhsmi_buf_printf(&buf, " (HTTP %d%s%s%s%s)", e->http_status,
                                    *code == 0 ? "" : " ", code,
                                    *id == 0 ? "" : ", request id ", id);
    else if (*code != 0 || *id != 0)
        ok = ok && mhsmi_buf_printf(&buf, " (%s%s%s%s)", code,
                                    *code != 0 && *id != 0 ? ", " : "",
                                    *id == 0 ? "" : "request id ", id);
    if (*hint != 0)
        ok = ok && mhsmi_buf_printf(&buf, "; %s", hint);
    if (!ok) {
        /* The old text may lack the news, but is better than none. */
        mhsmi_buf_clear(&buf);
        return;
    }
    mhsmi_free(e->text);
    e->text = (char *)mhsmi_buf_take(&buf, NULL);
}

mhsm_status mhsmi_error_memory(mhsm_error **err)
{
    if (err != NULL) {
        mhsm_error_free(err);
        *err = &memory_error;
    }
    return MHSM_ERR_MEMORY;
}

mhsm_status mhsmi_error(mhsm_error **err, mhsm_status status,
                        const char *format, ...)
{
    struct mhsm_error *e;
    va_list args;

    if (err == NULL)
        return status;
    e = mhsmi_alloc(sizeof(*e));
    if (e == NULL)
        return mhsmi_error_memory(err);
    va_start(args, format);
    e->message = make_text(format, args);
    va_end(args);
    if (e->message == NULL) {
        mhsmi_free(e);
        return mhsmi_error_memory(err);
    }
    e->status = status;
    remake_text(e);
    mhsm_error_free(err);
    *err = e;
    return status;
}

/* The object to complete, or NULL when there is nothing to complete. */
static struct mhsm_error *own(mhsm_error **err)
{
    return err == NULL || *err == &memory_error ? NULL : *err;
}

void mhsmi_error_set_hint(mhsm_error **err, const char *format, ...)
{
    struct mhsm_error *e = own(err);
    va_list args;
    char *hint;

    if (e == NULL)
        return;
    va_start(args, format);
    hint = make_text(format, args);
    va_end(args);
    if (hint == NULL)
        return;
    mhsmi_free(e->hint);
    e->hint = hint;
    remake_text(e);
}

void mhsmi_error_set_service(mhsm_error **err, int http_status,
                             const char *code, const char *request_id)
{
    struct mhsm_error *e = own(err);

    if (e == NULL)
        return;
    e->http_status = http_status;
    mhsmi_free(e->code);
    e->code = clean_copy(code);
    mhsmi_free(e->request_id);
    e->request_id = clean_copy(request_id);
    remake_text(e);
}

void mhsmi_error_prefix(mhsm_error **err, const char *format, ...)
{
    struct mhsm_error *e = own(err);
    char *prefix, *message;
    va_list args;

    if (e == NULL)
        return;
    va_start(args, format);
    prefix = make_text(format, args);
    va_end(args);
    if (prefix == NULL)
        return;
    message = mhsmi_asprintf("%s: %s", prefix, e->message);
    mhsmi_free(prefix);
    if (message == NULL)
        return;
    mhsmi_text_clean(message, text_max);
    mhsmi_free(e->message);
    e->message = message;
    remake_text(e);
}

mhsm_status mhsm_error_status(const mhsm_error *err)
{
    return err == NULL ? MHSM_OK : err->status;
}

int mhsm_error_http_status(const mhsm_error *err)
{
    return err == NULL ? 0 : err->http_status;
}

const char *mhsm_error_code(const mhsm_error *err)
{
    return err == NULL ? "" : or_empty(err->code);
}

const char *mhsm_error_request_id(const mhsm_error *err)
{
    return err == NULL ? "" : or_empty(err->request_id);
}

const char *mhsm_error_message(const mhsm_error *err)
{
    return err == NULL ? "" : or_empty(err->message);
}

const char *mhsm_error_hint(const mhsm_error *err)
{
    return err == NULL ? "" : or_empty(err->hint);
}

const char *mhsm_error_text(const mhsm_error *err)
{
    if (err == NULL)
        return "";
    return err->text == NULL ? or_empty(err->message) : err->text;
}

void mhsm_error_free(mhsm_error **err)
{
    struct mhsm_error *e = err == NULL ? NULL : *err;

    if (e == NULL)
        return;
    *err = NULL;
    if (e == &memory_error)
        return;
    mhsmi_free(e->message);
    mhsmi_free(e->hint);
    mhsmi_free(e->code);
    mhsmi_free(e->request_id);
    mhsmi_free(e->text);
    mhsmi_free(e);
}
