/* SPDX-License-Identifier: MIT
 *
 * The cases of ordinary things run, what they write down, and two runs
 * compared.  Must never write down what differs from run to run: addresses,
 * times, chance.
 */
#include "ordinary.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ord_case *const families[] = {
    ord_make_cases,    ord_data_cases,        ord_file_cases,   ord_codec_cases,
    ord_sign_cases,    ord_certificate_cases, ord_secret_cases, ord_tls_cases,
    ord_message_cases, ord_legacy_cases,
};

/* Transcript -------------------------------------------------------------- */

static void write_error(struct ord *o, const char *which, unsigned long code)
{
    const char *library = ERR_lib_error_string(code);
    const char *reason = ERR_reason_error_string(code);

    BIO_printf(o->out, " %s %s (%s)", which, library == NULL ? "?" : library,
               reason == NULL ? "?" : reason);
}

/* The cause, and what the caller's caller looks at; but not that EVP says once
 * more that its provider failed, which the module's own use of EVP does too. */
static void end_line(struct ord *o)
{
    unsigned long first = 0, last = 0, code;

    while ((code = ERR_get_error()) != 0) {
        if (first == 0)
            first = last = code;
        if (ERR_GET_LIB(code) != ERR_LIB_EVP)
            last = code;
    }
    if (first != 0) {
        write_error(o, "first", first);
        write_error(o, "last", last);
    }
    BIO_puts(o->out, "\n");
}

void ord_text(struct ord *o, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    BIO_vprintf(o->out, format, args);
    va_end(args);
    end_line(o);
}

void ord_octets(struct ord *o, const char *what, const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *octets = data;
    char *text = OPENSSL_malloc(2 * size + 1);
    size_t i;

    if (text == NULL)
        th_die("no memory");
    for (i = 0; i < size; i++) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 15];
    }
    BIO_printf(o->out, "%s: %zu:", what, size);
    BIO_write(o->out, text, (int)(2 * size));
    OPENSSL_free(text);
    end_line(o);
}

void ord_memory(struct ord *o, const char *what, BIO *memory)
{
    char *data = NULL;
    long size = BIO_get_mem_data(memory, &data);

    BIO_printf(o->out, "%s: %ld:", what, size);
    BIO_write(o->out, data, (int)size);
    end_line(o);
}

int ord_result(struct ord *o, int result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    BIO_vprintf(o->out, format, args);
    va_end(args);
    BIO_printf(o->out, ": %d", result);
    end_line(o);
    return result;
}

int ord_chance(struct ord *o, int result, const char *format, ...)
{
    int errors = ERR_peek_error() != 0;
    va_list args;

    ERR_clear_error();
    va_start(args, format);
    BIO_vprintf(o->out, format, args);
    va_end(args);
    ord_text(o, ": %d, errors %d", result, errors);
    return result;
}

int ord_good(struct ord *o, int result, const char *format, ...)
{
    char what[256];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (result <= 0) {
        fprintf(stderr, "\n%s: %s: %d\n", o->name, what, result);
        ERR_print_errors_fp(stderr);
        o->bad = 1;
    }
    ord_result(o, result > 0, "%s", what);
    return result > 0;
}

static int by_name(const void *one, const void *other)
{
    const OSSL_PARAM *const *left = one, *const *right = other;

    return strcmp((*left)->key, (*right)->key);
}

/* Not the module's own, nor what a known-answer test sets in ECDSA. */
static int is_common(const char *name)
{
    return strncmp(name, "mhsm", 4) != 0 && strcmp(name, "kat") != 0;
}

/* In order, the common ones. */
static size_t sort(const OSSL_PARAM *params, const OSSL_PARAM **sorted,
                   size_t max)
{
    size_t count = 0;

    for (; params != NULL && params->key != NULL; params++) {
        if (is_common(params->key) && count < max)
            sorted[count++] = params;
    }
    qsort(sorted, count, sizeof(sorted[0]), by_name);
    return count;
}

void ord_names(struct ord *o, const char *what, const OSSL_PARAM *params)
{
    const OSSL_PARAM *sorted[128];
    size_t count = sort(params, sorted, COUNT(sorted)), i;

    BIO_printf(o->out, "%s:", what);
    for (i = 0; i < count; i++) {
        if (i == 0 || strcmp(sorted[i]->key, sorted[i - 1]->key) != 0)
            BIO_printf(o->out, " %s", sorted[i]->key);
    }
    end_line(o);
}

static void write_number(struct ord *o, const OSSL_PARAM *param)
{
    BIGNUM *number = NULL;
    char *text = NULL;

    if (OSSL_PARAM_get_BN(param, &number))
        text = BN_bn2hex(number);
    ord_text(o, "  %s = %s", param->key, text == NULL ? "?" : text);
    OPENSSL_free(text);
    BN_clear_free(number);
}

void ord_params(struct ord *o, const char *what, const OSSL_PARAM *params)
{
    const OSSL_PARAM *sorted[128];
    size_t count = sort(params, sorted, COUNT(sorted)), i;
    const char *text;
    char label[64];

    ord_text(o, "%s: %zu", what, count);
    for (i = 0; i < count; i++) {
        if (sorted[i]->data_type == OSSL_PARAM_UNSIGNED_INTEGER) {
            write_number(o, sorted[i]);
        } else if (OSSL_PARAM_get_utf8_string_ptr(sorted[i], &text)) {
            ord_text(o, "  %s = %s", sorted[i]->key, text);
        } else {
            ERR_clear_error();
            snprintf(label, sizeof(label), "  %s (%u)", sorted[i]->key,
                     sorted[i]->data_type);
            ord_octets(o, label, sorted[i]->data, sorted[i]->data_size);
        }
    }
}

void ord_same(struct ord *o, const char *what, EVP_PKEY *read, EVP_PKEY *key)
{
    ord_result(o, read == NULL ? -1 : EVP_PKEY_eq(read, key), "%s", what);
    EVP_PKEY_free(read);
}

int ord_options(struct ord *o, EVP_PKEY_CTX *ctx, const char *options)
{
    char list[128], *rest = list, *option;
    int good = 1;

    OPENSSL_strlcpy(list, options, sizeof(list));
    while ((option = strsep(&rest, " ")) != NULL) {
        char *value = strchr(option, ':');

        if (value == NULL)
            continue;
        *value++ = '\0';
        good = ord_result(o, EVP_PKEY_CTX_ctrl_str(ctx, option, value), "%s %s",
                          option, value) > 0 &&
               good;
    }
    return good;
}

/* Runs -------------------------------------------------------------------- */

static void path_of(char *path, size_t max, const char *folder,
                    const char *name)
{
    size_t used = (size_t)snprintf(path, max, "%s/", folder);

    for (; *name != '\0' && used + 1 < max; name++)
        path[used++] = *name == ' ' || *name == '/' ? '-' : *name;
    path[used] = '\0';
}

static int run_case(OSSL_LIB_CTX *lib, const char *folder,
                    const struct ord_case *one)
{
    struct ord o = {lib, NULL, one->name, 0};
    char path[512];

    path_of(path, sizeof(path), folder, one->name);
    o.out = BIO_new_file(path, "w");
    if (o.out == NULL)
        th_die("cannot write %s", path);
    one->run(&o);
    if (ERR_peek_error() != 0)
        ord_text(&o, "left behind");
    BIO_free(o.out);
    return !o.bad;
}

int ord_run(OSSL_LIB_CTX *lib, const char *folder)
{
    const struct ord_case *one;
    size_t i;
    int good = 1;

    if (mkdir(folder, 0700) != 0)
        th_die("cannot make %s", folder);
    ERR_clear_error();
    for (i = 0; i < COUNT(families); i++) {
        for (one = families[i]; one->name != NULL; one++)
            good = run_case(lib, folder, one) && good;
    }
    return good;
}

static char *slurp(const char *folder, const char *name, long *size)
{
    char path[512], *data;
    BIO *file, *memory = BIO_new(BIO_s_mem());
    char piece[4096];
    int got;

    path_of(path, sizeof(path), folder, name);
    file = BIO_new_file(path, "r");
    if (file == NULL || memory == NULL)
        th_die("no transcript %s", path);
    while ((got = BIO_read(file, piece, sizeof(piece))) > 0)
        BIO_write(memory, piece, got);
    BIO_free(file);
    BIO_write(memory, "", 1);
    *size = BIO_get_mem_data(memory, &data) - 1;
    data = OPENSSL_memdup(data, (size_t)*size + 1);
    BIO_free(memory);
    return data;
}

/* The lines where they part. */
static void show_difference(const char *name, const char *one,
                            const char *other)
{
    size_t i, line = 0;

    for (i = 0; one[i] != '\0' && one[i] == other[i]; i++) {
        if (one[i] == '\n')
            line = i + 1;
    }
    fprintf(stderr, "\n%s differs from octet %zu on:\n  %.*s\n  %.*s\n", name,
            i - line, (int)strcspn(one + line, "\n"), one + line,
            (int)strcspn(other + line, "\n"), other + line);
}

int ord_compare(const char *folder, const char *other, long *cases,
                long *octets)
{
    const struct ord_case *one;
    size_t i;
    int different = 0;

    for (i = 0; i < COUNT(families); i++) {
        for (one = families[i]; one->name != NULL; one++) {
            long size, other_size;
            char *text = slurp(folder, one->name, &size);
            char *other_text = slurp(other, one->name, &other_size);

            if (size == 0 || size != other_size ||
                memcmp(text, other_text, (size_t)size) != 0) {
                show_difference(one->name, text, other_text);
                different++;
            }
            *cases += 1;
            *octets += size;
            OPENSSL_free(text);
            OPENSSL_free(other_text);
        }
    }
    return different;
}
