/* SPDX-License-Identifier: MIT
 *
 * Reading and writing parameters.  libssl, the openssl command and the C
 * functions send the same setting in different types (pad-mode: 6 or "pss";
 * saltlen: -1, "-1" or "digest"), so each is read in all of them.  Must never
 * raise an error: the callers know what the value was for.
 */
#include "params.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

struct named_value {
    int value;
    const char *name;
};

static const struct named_value pad_modes[] = {
    {RSA_PKCS1_PADDING, OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
    {RSA_NO_PADDING, OSSL_PKEY_RSA_PAD_MODE_NONE},
    {RSA_PKCS1_OAEP_PADDING, OSSL_PKEY_RSA_PAD_MODE_OAEP},
    {RSA_X931_PADDING, OSSL_PKEY_RSA_PAD_MODE_X931},
    {RSA_PKCS1_PSS_PADDING, OSSL_PKEY_RSA_PAD_MODE_PSS},
    /* A spelling that OpenSSL once had and still takes. */
    {RSA_PKCS1_OAEP_PADDING, "oeap"},
};

static const struct named_value salts[] = {
    {RSA_PSS_SALTLEN_DIGEST, "digest"},
    {RSA_PSS_SALTLEN_AUTO, "auto"},
    {RSA_PSS_SALTLEN_MAX, "max"},
    {MP_SALT_AUTO_DIGEST_MAX, "auto-digestmax"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int value_of(const struct named_value *table, size_t count,
                    const char *name, int *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0) {
            *value = table[i].value;
            return 1;
        }
    return 0;
}

static const char *name_of(const struct named_value *table, size_t count,
                           int value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].name;
    return NULL;
}

int mp_params_set(const struct mp_setter *setters, void *object,
                  const OSSL_PARAM params[])
{
    if (params == NULL)
        return 1;
    for (; setters->key != NULL; setters++) {
        const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, setters->key);

        if (param != NULL && !setters->set(object, param))
            return 0;
    }
    return 1;
}

int mp_params_get(const struct mp_getter *getters, void *object,
                  OSSL_PARAM params[])
{
    if (params == NULL)
        return 1;
    for (; getters->key != NULL; getters++) {
        OSSL_PARAM *param = OSSL_PARAM_locate(params, getters->key);

        if (param != NULL && !getters->get(object, param))
            return 0;
    }
    return 1;
}

int mp_param_text(const OSSL_PARAM *param, char *text, size_t size)
{
    const char *pointer;

    if (param->data_type == OSSL_PARAM_UTF8_STRING)
        return param->data != NULL &&
               OSSL_PARAM_get_utf8_string(param, &text, size);
    if (!OSSL_PARAM_get_utf8_ptr(param, &pointer) || pointer == NULL)
        return 0;
    return OPENSSL_strlcpy(text, pointer, size) < size;
}

int mp_pad_mode_read(const OSSL_PARAM *param, int *pad)
{
    char text[MP_NAME_SIZE];

    if (param->data_type == OSSL_PARAM_INTEGER ||
        param->data_type == OSSL_PARAM_UNSIGNED_INTEGER)
        return OSSL_PARAM_get_int(param, pad);
    return mp_param_text(param, text, sizeof(text)) &&
           value_of(pad_modes, COUNT(pad_modes), text, pad);
}

const char *mp_pad_mode_name(int pad)
{
    const char *name = name_of(pad_modes, COUNT(pad_modes), pad);

    if (pad == RSA_PKCS1_WITH_TLS_PADDING)
        return "pkcs1 for TLS";
    return name == NULL ? "unknown" : name;
}

int mp_pad_mode_write(OSSL_PARAM *param, int pad)
{
    const char *name = name_of(pad_modes, COUNT(pad_modes), pad);

    if (param->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_set_int(param, pad);
    return name != NULL && OSSL_PARAM_set_utf8_string(param, name);
}

int mp_salt_read(const OSSL_PARAM *param, int *length)
{
    char text[MP_NAME_SIZE];
    char *end;
    long number;

    if (param->data_type == OSSL_PARAM_INTEGER ||
        param->data_type == OSSL_PARAM_UNSIGNED_INTEGER)
        return OSSL_PARAM_get_int(param, length) &&
               *length >= MP_SALT_AUTO_DIGEST_MAX;
    if (!mp_param_text(param, text, sizeof(text)))
        return 0;
    if (value_of(salts, COUNT(salts), text, length))
        return 1;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < MP_SALT_AUTO_DIGEST_MAX ||
        number > 65536)
        return 0;
    *length = (int)number;
    return 1;
}

int mp_salt_write(OSSL_PARAM *param, int length)
{
    const char *name = name_of(salts, COUNT(salts), length);
    char digits[16];

    if (param->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_set_int(param, length);
    if (name == NULL) {
        BIO_snprintf(digits, sizeof(digits), "%d", length);
        name = digits;
    }
    return OSSL_PARAM_set_utf8_string(param, name);
}
