/* SPDX-License-Identifier: MIT
 *
 * Parameters of an operation, declared once: a list of rows makes the settable
 * and the gettable table and the code that answers them, so that the three
 * cannot disagree.  Unknown parameters are ignored, as OpenSSL asks.
 *
 * A list is a macro LIST(BOTH, SET, GET) of rows BOTH(KEY, TYPE, setter, getter),
 * SET(KEY, TYPE, setter) and GET(KEY, TYPE, getter).
 */
#ifndef MP_PARAMS_H
#define MP_PARAMS_H

#include <stddef.h>

#include <openssl/core.h>
#include <openssl/params.h>

/* 1, or 0 with one error raised. */
struct mp_setter {
    const char *key;
    int (*set)(void *object, const OSSL_PARAM *param);
};

struct mp_getter {
    const char *key;
    int (*get)(void *object, OSSL_PARAM *param);
};

#define MP_ROW_TYPE(key, type, ...)                                            \
    OSSL_PARAM_DEFN(key, OSSL_PARAM_##type, NULL, 0),
#define MP_ROW_ONLY(key, type, function)         {key, function},
#define MP_ROW_SETTER(key, type, setter, getter) {key, setter},
#define MP_ROW_GETTER(key, type, setter, getter) {key, getter},
#define MP_ROW_NONE(...)

#define MP_SETTABLE(table, LIST)                                               \
    const OSSL_PARAM table[] = {LIST(MP_ROW_TYPE, MP_ROW_TYPE, MP_ROW_NONE)    \
                                    OSSL_PARAM_END}
#define MP_GETTABLE(table, LIST)                                               \
    const OSSL_PARAM table[] = {LIST(MP_ROW_TYPE, MP_ROW_NONE, MP_ROW_TYPE)    \
                                    OSSL_PARAM_END}
#define MP_SETTERS(table, LIST)                                                \
    const struct mp_setter table[] = {                                         \
        LIST(MP_ROW_SETTER, MP_ROW_ONLY, MP_ROW_NONE){NULL, NULL}}
#define MP_GETTERS(table, LIST)                                                \
    const struct mp_getter table[] = {                                         \
        LIST(MP_ROW_GETTER, MP_ROW_NONE, MP_ROW_ONLY){NULL, NULL}}

/* Apply the known ones, in the order of the table, until one fails. */
int mp_params_set(const struct mp_setter *setters, void *object,
                  const OSSL_PARAM params[]);
int mp_params_get(const struct mp_getter *getters, void *object,
                  OSSL_PARAM params[]);

/* RSA pad modes travel as numbers and as names; 1, or 0 when neither. */
int mp_pad_mode_read(const OSSL_PARAM *param, int *pad);
int mp_pad_mode_write(OSSL_PARAM *param, int pad);
/* For messages: "pss". */
const char *mp_pad_mode_name(int pad);
/* RSA_PSS_SALTLEN_AUTO_DIGEST_MAX is younger than OpenSSL 3.0. */
#define MP_SALT_AUTO_DIGEST_MAX (-4)
/* PSS salt lengths likewise: a number, "digest", "max", "auto" or
 * "auto-digestmax". */
int mp_salt_read(const OSSL_PARAM *param, int *length);
int mp_salt_write(OSSL_PARAM *param, int length);

/* Room for a name of an algorithm or a mode, and for a property query. */
#define MP_NAME_SIZE  64
#define MP_PROPQ_SIZE 256

/* A text parameter, copied; 0 when it is none or does not fit. */
int mp_param_text(const OSSL_PARAM *param, char *text, size_t size);

#endif
