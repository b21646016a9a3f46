/* SPDX-License-Identifier: MIT
 *
 * Error entries of the provider, by the core's own functions, so that they
 * carry the provider's library number and its reason strings.  Must never put
 * a secret, a digest or a plaintext into a text.
 */
#include "err.h"

#include <stdarg.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evperr.h>

/* OSSL_ITEM wants a text that is not const. */
#define REASON(number, text)                                                   \
    {                                                                          \
        number, (char[])                                                       \
        {                                                                      \
            text                                                               \
        }                                                                      \
    }

static const OSSL_ITEM reasons[] = {
    REASON(MHSM_ERR_MEMORY, "out of memory"),
    REASON(MHSM_ERR_ARGUMENT, "impossible argument"),
    REASON(MHSM_ERR_CONFIG, "configuration is wrong"),
    REASON(MHSM_ERR_URI, "key URI is wrong or its host not allowed"),
    REASON(MHSM_ERR_CREDENTIAL, "no access token"),
    REASON(MHSM_ERR_UNAUTHORIZED, "HSM refuses the access token"),
    REASON(MHSM_ERR_FORBIDDEN, "HSM role is missing"),
    REASON(MHSM_ERR_KEY_DISABLED, "key is disabled, expired or not yet valid"),
    REASON(MHSM_ERR_KEY_OPERATION, "operation is not in the key's key_ops"),
    REASON(MHSM_ERR_NOT_FOUND, "key not found"),
    REASON(MHSM_ERR_CONFLICT, "name is taken"),
    REASON(MHSM_ERR_REJECTED, "HSM refuses the request"),
    REASON(MHSM_ERR_THROTTLED, "HSM throttles requests"),
    REASON(MHSM_ERR_SERVICE, "HSM failed"),
    REASON(MHSM_ERR_NOT_ACTIVATED, "HSM is not activated"),
    REASON(MHSM_ERR_RESOLVE, "host name not found"),
    REASON(MHSM_ERR_CONNECT, "no connection"),
    REASON(MHSM_ERR_TLS, "TLS handshake with the HSM failed"),
    REASON(MHSM_ERR_TIMEOUT, "time ran out"),
    REASON(MHSM_ERR_TRANSPORT, "connection broke"),
    REASON(MHSM_ERR_PROTOCOL, "answer is not of the protocol"),
    REASON(MHSM_ERR_UNSUPPORTED, "not offered by the HSM"),
    REASON(MHSM_ERR_DAMAGED, "input is damaged"),
    REASON(MHSM_ERR_IO, "file cannot be read"),
    REASON(MHSM_ERR_INTERNAL, "internal error"),
    REASON(MP_R_LOCAL, "local operation failed"),
    REASON(MP_R_NOT_INITIALIZED, "operation not initialized"),
    REASON(MP_R_NO_KEY, "no key set"),
    REASON(MP_R_KEY_TYPE, "key has another type"),
    REASON(MP_R_NOT_PRIVATE, "key is not private"),
    REASON(MP_R_BUFFER_TOO_SMALL, "output buffer too small"),
    REASON(MP_R_INPUT_LENGTH, "input has the wrong length"),
    REASON(MP_R_DIGEST, "digest not possible"),
    REASON(MP_R_PADDING, "padding not possible"),
    REASON(MP_R_SALT_LENGTH, "PSS salt length not possible"),
    REASON(MP_R_MGF1, "MGF1 digest not possible"),
    REASON(MP_R_LABEL, "OAEP label not possible"),
    REASON(MP_R_PARAMETER, "parameter has a wrong value"),
    REASON(MP_R_KEY_OPERATION, "operation is not in the key's key_ops"),
    REASON(MP_R_PKCS1_DISABLED, "PKCS#1 v1.5 decryption is off"),
    REASON(MP_R_PUBLIC_KEY, "public key is not valid"),
    REASON(MP_R_ANSWER, "HSM answered something impossible"),
    REASON(MP_R_SIGNATURE, "signature does not match"),
    REASON(MP_R_READ_ONLY, "key cannot be changed"),
    REASON(MP_R_URI, "key URI is wrong"),
    REASON(MP_R_SELF_TEST, "self test failed"),
    REASON(MP_R_NOT_ENCODED, "key is not written"),
    {0, NULL},
};

const OSSL_ITEM *mp_provider_get_reason_strings(void *provctx)
{
    (void)provctx;
    return reasons;
}

static void raise_text(const struct mp_prov *prov, const char *file, int line,
                       const char *function, uint32_t reason,
                       const char *format, va_list args)
{
    if (prov == NULL || prov->new_error == NULL || prov->vset_error == NULL)
        return;
    prov->new_error(prov->handle);
    if (prov->set_error_debug != NULL)
        prov->set_error_debug(prov->handle, file, line, function);
    prov->vset_error(prov->handle, reason, format, args);
}

void mp_raise_at(const struct mp_prov *prov, const char *file, int line,
                 const char *function, uint32_t reason, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    raise_text(prov, file, line, function, reason, format, args);
    va_end(args);
}

void mp_raise_client_at(const struct mp_prov *prov, const char *file, int line,
                        const char *function, mhsm_error **err)
{
    mhsm_status status = mhsm_error_status(*err);

    mp_raise_at(prov, file, line, function,
                status == MHSM_OK ? MHSM_ERR_INTERNAL : (uint32_t)status, "%s",
                mhsm_error_text(*err));
    mhsm_error_free(err);
}

void mp_mark_set(struct mp_mark *mark)
{
    mark->last = ERR_peek_last_error();
    mark->keep = 0;
    (void)ERR_set_mark();
}

void mp_mark_set_keep(struct mp_mark *mark)
{
    mp_mark_set(mark);
    mark->keep = 1;
}

void mp_mark_drop(const struct mp_mark *mark)
{
    (void)mark;
    (void)ERR_pop_to_mark();
}

/* Since OpenSSL 3.4 EVP ends a failure with an entry of its own, and will do so
 * for the program too. */
static void drop_inner_end(void)
{
#ifdef EVP_R_PROVIDER_SIGNATURE_FAILURE
    static const int ends[] = {EVP_R_PROVIDER_SIGNATURE_FAILURE,
                               EVP_R_PROVIDER_ASYM_CIPHER_FAILURE,
                               EVP_R_PROVIDER_KEYMGMT_FAILURE};
    unsigned long code = ERR_peek_last_error();

    if (ERR_count_to_mark() <= 0 || ERR_GET_LIB(code) != ERR_LIB_EVP)
        return;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ERR_GET_REASON(code) == ends[i]) {
            (void)ERR_pop();
            return;
        }
#endif
}

void mp_mark_keep(const struct mp_mark *mark)
{
    (void)mark;
    drop_inner_end();
    (void)ERR_clear_last_mark();
}

void mp_raise_local_at(const struct mp_prov *prov, const char *file, int line,
                       const char *function, const struct mp_mark *mark,
                       uint32_t reason, const char *what)
{
    char detail[256] = "";
    unsigned long code = ERR_peek_last_error();

    if (mark->keep) {
        mp_mark_keep(mark);
        return;
    }
    /* An entry from before the mark must not become the reason of this. */
    if (code != 0 && code != mark->last) {
        const char *text = ERR_reason_error_string(code);

        if (text != NULL)
            OPENSSL_strlcpy(detail, text, sizeof(detail));
    }
    (void)ERR_pop_to_mark();
    if (detail[0] != '\0')
        mp_raise_at(prov, file, line, function, reason, "%s: %s", what, detail);
    else
        mp_raise_at(prov, file, line, function, reason, "%s", what);
}

int mp_mark_end_at(const struct mp_prov *prov, const char *file, int line,
                   const char *function, const struct mp_mark *mark, int ok,
                   uint32_t reason, const char *what)
{
    if (ok)
        mp_mark_drop(mark);
    else
        mp_raise_local_at(prov, file, line, function, mark, reason, what);
    return ok;
}

int mp_prov_usable(const struct mp_prov *prov)
{
    if (prov->failure == NULL)
        return 1;
    mp_raise(prov, MHSM_ERR_CONFIG, "%s", prov->failure);
    return 0;
}

int mp_has_room(const struct mp_prov *prov, size_t needed, size_t room)
{
    if (room >= needed)
        return 1;
    mp_raise(prov, MP_R_BUFFER_TOO_SMALL,
             "the result takes %zu octets, the buffer has %zu", needed, room);
    return 0;
}
