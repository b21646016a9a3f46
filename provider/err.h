/* SPDX-License-Identifier: MIT
 *
 * The only way from a failure to OpenSSL's error queue: one entry for each
 * failure that the user asked for, none for a refusal that libcrypto probes.
 *
 * Work that is delegated to the private library context runs between
 * mp_mark_set() and mp_mark_drop() or mp_raise_local(), so that what it leaves
 * on the thread's queue goes away, or becomes the text of our one entry.
 */
#ifndef MP_ERR_H
#define MP_ERR_H

#include <stdint.h>

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>

#include "prov.h"

/* 1 to 99 are those of mhsm_status, as the client reports them. */
enum mp_reason {
    MP_R_MEMORY = 1, /* as MHSM_ERR_MEMORY */
    MP_R_LOCAL = 100,
    MP_R_NOT_INITIALIZED = 101,
    MP_R_NO_KEY = 102,
    MP_R_KEY_TYPE = 103,
    MP_R_NOT_PRIVATE = 104,
    MP_R_BUFFER_TOO_SMALL = 105,
    MP_R_INPUT_LENGTH = 106,
    MP_R_DIGEST = 107,
    MP_R_PADDING = 108,
    MP_R_SALT_LENGTH = 109,
    MP_R_MGF1 = 110,
    MP_R_LABEL = 111,
    MP_R_PARAMETER = 112,
    MP_R_KEY_OPERATION = 113,
    MP_R_PKCS1_DISABLED = 114,
    MP_R_PUBLIC_KEY = 115,
    MP_R_ANSWER = 116,
    MP_R_SIGNATURE = 117,
    MP_R_READ_ONLY = 118,
    MP_R_URI = 119,
    MP_R_SELF_TEST = 120,
    MP_R_NOT_ENCODED = 121
};

/* Add one entry: reason and a line of text for a person. */
void mp_raise_at(const struct mp_prov *prov, const char *file, int line,
                 const char *function, uint32_t reason, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
#define mp_raise(prov, reason, ...)                                            \
    mp_raise_at((prov), OPENSSL_FILE, OPENSSL_LINE, OPENSSL_FUNC, (reason),    \
                __VA_ARGS__)

/* Add the client's error as one entry, and free it. */
#define mp_raise_client(prov, err)                                             \
    mp_raise_client_at((prov), OPENSSL_FILE, OPENSSL_LINE, OPENSSL_FUNC, (err))
void mp_raise_client_at(const struct mp_prov *prov, const char *file, int line,
                        const char *function, mhsm_error **err);

/* The thread's queue as it was. */
struct mp_mark {
    unsigned long last;
    int keep;
};

void mp_mark_set(struct mp_mark *mark);
/* For work with a software key: when it fails, what the default provider added
 * stands, because programs know it, and nothing is added when it added none. */
void mp_mark_set_keep(struct mp_mark *mark);
/* Forget what was added since; the queue is as it was. */
void mp_mark_drop(const struct mp_mark *mark);
/* Leave what was added since, be it none. */
void mp_mark_keep(const struct mp_mark *mark);
/* Replace what was added since by one entry, "what: OpenSSL's reason". */
#define mp_raise_local(prov, mark, reason, what)                               \
    mp_raise_local_at((prov), OPENSSL_FILE, OPENSSL_LINE, OPENSSL_FUNC,        \
                      (mark), (reason), (what))
void mp_raise_local_at(const struct mp_prov *prov, const char *file, int line,
                       const char *function, const struct mp_mark *mark,
                       uint32_t reason, const char *what);

/* The end of such work, one way or the other; gives `ok`. */
#define mp_mark_end(prov, mark, ok, reason, what)                              \
    mp_mark_end_at((prov), OPENSSL_FILE, OPENSSL_LINE, OPENSSL_FUNC, (mark),   \
                   (ok), (reason), (what))
int mp_mark_end_at(const struct mp_prov *prov, const char *file, int line,
                   const char *function, const struct mp_mark *mark, int ok,
                   uint32_t reason, const char *what);

/* What many operations ask before they begin; 1, or 0 with one error. */
/* Were the options right, so that there is a client? */
int mp_prov_usable(const struct mp_prov *prov);
/* Does the caller's buffer take the largest result? */
int mp_has_room(const struct mp_prov *prov, size_t needed, size_t room);

/* The table for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS. */
OSSL_FUNC_provider_get_reason_strings_fn mp_provider_get_reason_strings;

#endif
