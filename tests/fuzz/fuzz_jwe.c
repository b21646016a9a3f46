/* SPDX-License-Identifier: MIT
 *
 * Fuzzing of JWE: whatever the octets are, reading and opening them neither
 * crashes nor leaks, and what is refused is refused with a reason.  Whatever
 * opens under this key was sealed under it: sealed again, it opens again.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/private_context.h"
#include "jose/jwe.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* The key of what the corpus has of alg dir. */
static const unsigned char cek[MHSMI_CEK_MAX] = {1, 2, 3};

static OSSL_LIB_CTX *get_lib(void)
{
    static struct mhsmi_private_context context;

    if (context.lib == NULL &&
        mhsmi_private_context_open(&context, NULL) != MHSM_OK)
        abort();
    return context.lib;
}

/* One who has no key, and gives what was encrypted. */
static mhsm_status unwrap(void *context, const unsigned char *data, size_t size,
                          struct mhsmi_secret **key, mhsm_error **err)
{
    struct mhsmi_secret *made = mhsmi_secret_new(size);

    (void)context, (void)err;
    if (made == NULL)
        abort();
    memcpy(made->data, data, size);
    *key = made;
    return MHSM_OK;
}

static void check_sealed(const struct mhsmi_jwe *jwe,
                         const struct mhsmi_secret *opened)
{
    struct mhsmi_secret *again = NULL;
    struct mhsmi_jwe sealed;
    struct mhsmi_buf text;

    /* Escaped, it could be longer than a header may be. */
    if (jwe->kid != NULL && strlen(jwe->kid) > MHSMI_JWE_HEADER_MAX / 8)
        return;
    mhsmi_buf_init(&text, (size_t)2 * MHSMI_JWE_MAX);
    if (mhsmi_jwe_seal(get_lib(), jwe->content->name,
                       jwe->kid != NULL ? jwe->kid : "", cek, opened->data,
                       opened->size, &text, NULL) != MHSM_OK ||
        mhsmi_jwe_parse(&sealed, mhsmi_buf_text(&text), text.size, NULL) !=
            MHSM_OK ||
        mhsmi_jwe_open(&sealed, get_lib(), cek, &again, NULL) != MHSM_OK ||
        again->size != opened->size ||
        memcmp(again->data, opened->data, again->size) != 0)
        abort();
    mhsmi_secret_free(again);
    mhsmi_jwe_clear(&sealed);
    mhsmi_buf_clear(&text);
}

static mhsm_status open_either(const struct mhsmi_jwe *jwe,
                               struct mhsmi_secret **opened, mhsm_error **err)
{
    static const struct mhsmi_unwrapper unwrapper = {unwrap, NULL};

    return jwe->alg == MHSMI_JWE_DIR
               ? mhsmi_jwe_open(jwe, get_lib(), cek, opened, err)
               : mhsmi_jwe_unwrap(jwe, get_lib(), &unwrapper, opened, err);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mhsmi_secret *opened = NULL;
    mhsm_error *err = NULL;
    struct mhsmi_jwe jwe;
    mhsm_status st = mhsmi_jwe_parse(&jwe, (const char *)data, size, &err);

    if (st == MHSM_OK)
        st = open_either(&jwe, &opened, &err);
    if ((st == MHSM_OK) != (opened != NULL) || (st == MHSM_OK) != (err == NULL))
        abort();
    if (opened != NULL && jwe.alg == MHSMI_JWE_DIR)
        check_sealed(&jwe, opened);
    else if (err != NULL && mhsm_error_message(err)[0] == '\0')
        abort();
    mhsmi_secret_free(opened);
    mhsmi_jwe_clear(&jwe);
    mhsm_error_free(&err);
    ERR_clear_error();
    return 0;
}
