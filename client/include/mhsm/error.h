/* SPDX-License-Identifier: MIT
 *
 * What went wrong, in one object: a status to branch on, the service's own
 * words and request id to quote to support, and the next step for a person.
 *
 * Idiom: every fallible function returns an mhsm_status and takes an
 * `mhsm_error **err` last.  `err` may be NULL.  Otherwise *err must be NULL on
 * entry; it stays NULL on success, and on failure the caller owns the object
 * and frees it with mhsm_error_free().  Out-parameters are written only on
 * success.
 */
#ifndef MHSM_ERROR_H
#define MHSM_ERROR_H

#include <mhsm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mhsm_status {
    MHSM_OK = 0,
    MHSM_ERR_MEMORY = 1,   /* allocation failed */
    MHSM_ERR_ARGUMENT = 2, /* the caller passed something impossible */
    MHSM_ERR_CONFIG = 3,   /* an option is unknown, malformed or missing */
    MHSM_ERR_URI = 4,      /* key URI or host malformed, or host not allowed */
    MHSM_ERR_CREDENTIAL = 5,   /* no token: credential missing or refused */
    MHSM_ERR_UNAUTHORIZED = 6, /* the HSM answered 401 to a fresh token */
    MHSM_ERR_FORBIDDEN = 7,    /* 403: local RBAC lacks the action */
    MHSM_ERR_KEY_DISABLED = 8, /* 403: key disabled, expired or not yet valid */
    MHSM_ERR_KEY_OPERATION = 9, /* 403: operation not in the key's key_ops */
    MHSM_ERR_NOT_FOUND = 10,    /* 404: no such key or version */
    MHSM_ERR_CONFLICT = 11,     /* 409: name held by a (soft-deleted) object */
    MHSM_ERR_REJECTED = 12,  /* 400 and kin: the service refuses a parameter */
    MHSM_ERR_THROTTLED = 13, /* 429, after the retries */
    MHSM_ERR_SERVICE = 14,   /* 5xx, after the retries */
    MHSM_ERR_NOT_ACTIVATED = 15, /* the HSM awaits its security domain */
    MHSM_ERR_RESOLVE = 16,       /* host name not found */
    MHSM_ERR_CONNECT = 17,       /* no TCP connection, or the proxy refused */
    MHSM_ERR_TLS = 18,           /* handshake or certificate check failed */
    MHSM_ERR_TIMEOUT = 19,       /* the deadline passed */
    MHSM_ERR_TRANSPORT = 20,     /* connection broke before a whole answer */
    MHSM_ERR_PROTOCOL = 21,    /* an answer that the protocol does not allow */
    MHSM_ERR_UNSUPPORTED = 22, /* algorithm, key type or size not offered */
    MHSM_ERR_DAMAGED = 23,     /* input or ciphertext is damaged */
    MHSM_ERR_IO = 24,          /* a local file cannot be read or written */
    MHSM_ERR_INTERNAL = 25     /* a bug of ours or of a library below us */
} mhsm_status;

typedef struct mhsm_error mhsm_error;

/* The status's stable name, such as "not-found"; static, never NULL. */
MHSM_API const char *mhsm_status_name(mhsm_status status);

/* Accessors borrow from the error; strings are UTF-8, one line, never NULL
 * ("" when unknown).  All accept NULL, which reads as MHSM_OK and "". */
MHSM_API mhsm_status mhsm_error_status(const mhsm_error *err);
/* HTTP status of the last answer, 0 when none arrived. */
MHSM_API int mhsm_error_http_status(const mhsm_error *err);
/* The service's error.code, with "/" and innererror.code when present. */
MHSM_API const char *mhsm_error_code(const mhsm_error *err);
/* x-ms-request-id of the last answer. */
MHSM_API const char *mhsm_error_request_id(const mhsm_error *err);
/* What happened, naming the thing at fault.  Never holds a secret. */
MHSM_API const char *mhsm_error_message(const mhsm_error *err);
/* What to do about it, or "". */
MHSM_API const char *mhsm_error_hint(const mhsm_error *err);
/* Everything above in one line, for logs and error queues:
 * "message (HTTP 403 AccessDenied, request id ...); hint". */
MHSM_API const char *mhsm_error_text(const mhsm_error *err);

/* Free *err and set it to NULL.  Accepts NULL and a NULL *err. */
MHSM_API void mhsm_error_free(mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
