/* SPDX-License-Identifier: MIT
 *
 * What a key that is to be made in the HSM shall be: gathered from the
 * generator's parameters, in whatever order they come, beside what the
 * software generator makes of them.
 */
#ifndef MP_KEYMGMT_GEN_H
#define MP_KEYMGMT_GEN_H

#include <openssl/core.h>

#include "key.h"

/* Parameters of our own; those that describe a key of the HSM are OpenSSL's:
 * "bits", "primes", "e" and "group". */
#define MP_GEN_PARAM_KEY        "mhsm-key"        /* utf8: name or URI */
#define MP_GEN_PARAM_TAGS       "mhsm-tags"       /* utf8: "a=b,c=d" */
#define MP_GEN_PARAM_KEY_OPS    "mhsm-key-ops"    /* utf8: "sign,verify" */
#define MP_GEN_PARAM_EXPORTABLE "mhsm-exportable" /* integer: 0, 1 */
#define MP_GEN_PARAM_ENABLED    "mhsm-enabled"    /* integer: 0, 1 */
#define MP_GEN_PARAM_NOT_BEFORE "mhsm-not-before" /* integer: Unix seconds */
#define MP_GEN_PARAM_EXPIRES    "mhsm-expires"    /* integer: Unix seconds */

/* Rows that the tables of settable parameters end in. */
#define MP_GEN_OWN_PARAMS                                                      \
    OSSL_PARAM_DEFN(MP_GEN_PARAM_KEY, OSSL_PARAM_UTF8_STRING, NULL, 0),        \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_TAGS, OSSL_PARAM_UTF8_STRING, NULL, 0),   \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_KEY_OPS, OSSL_PARAM_UTF8_STRING, NULL,    \
                        0),                                                    \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_EXPORTABLE, OSSL_PARAM_INTEGER, NULL, 0), \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_ENABLED, OSSL_PARAM_INTEGER, NULL, 0),    \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_NOT_BEFORE, OSSL_PARAM_INTEGER, NULL, 0), \
        OSSL_PARAM_DEFN(MP_GEN_PARAM_EXPIRES, OSSL_PARAM_INTEGER, NULL, 0)

struct mp_wish;

/* NULL when out of memory.  `name`: OpenSSL's, of the key's type. */
struct mp_wish *mp_wish_new(struct mp_prov *prov, mhsm_key_type type,
                            const char *name);
void mp_wish_free(struct mp_wish *wish);
/* 1, or 0 with one error raised. */
int mp_wish_set(struct mp_wish *wish, const OSSL_PARAM params[]);
/* Whether a key of the HSM is wanted at all. */
int mp_wish_is_made(const struct mp_wish *wish);
/* One request, never repeated.  NULL with one error raised. */
struct mp_key *mp_wish_make(struct mp_wish *wish);

#endif
