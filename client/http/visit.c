/* SPDX-License-Identifier: MIT
 *
 * Visits.  libcurl makes its SSL_CTX without naming a library context, which
 * OpenSSL resolves to the calling thread's default at each use; with a context
 * of ours as the default no provider that the host has loaded, ours among
 * them, can be called from in there.  It must never read openssl.cnf.
 */
#include "http/visit.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/libcurl.h"

/* A handshake of TLS takes less than a quarter of this. */
enum { stack_room = 256 * 1024 };
/* Since then libcurl writes to sockets by itself, and without SIGPIPE. */
enum { quiet_version = 0x075700 };

/* The bounds of the thread's stack; 0: not asked yet, or not to be known. */
static _Thread_local struct {
    uintptr_t low, high;
    int asked;
} stack;

static void ask_for_stack(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;

    stack.asked = 1;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        stack.low = (uintptr_t)low;
        stack.high = stack.low + size;
    }
    (void)pthread_attr_destroy(&attributes);
}

/* A fibre, or a handler of signals with a stack of its own, has none. */
static int has_room(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    if (!stack.asked)
        ask_for_stack();
    return here > stack.low && here < stack.high &&
           here - stack.low >= stack_room;
}

static int is_quiet(void)
{
    static int known; /* by any thread, always the same */

    if (__atomic_load_n(&known, __ATOMIC_RELAXED) == 0 &&
        mhsmi_libcurl() != NULL) {
        const curl_version_info_data *info =
            mhsmi_libcurl()->version_info(CURLVERSION_NOW);

        __atomic_store_n(&known, info->version_num >= quiet_version ? 1 : -1,
                         __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&known, __ATOMIC_RELAXED) == 1;
}

int mhsmi_visit_possible(void)
{
    /* Without an error there can be no mark either. */
    return has_room() && is_quiet() && ERR_peek_error() == 0;
}

static OSSL_LIB_CTX *context_new(OSSL_PROVIDER **provider)
{
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

    *provider = context == NULL ? NULL : OSSL_PROVIDER_load(context, "default");
    if (*provider != NULL)
        return context;
    OSSL_LIB_CTX_free(context);
    return NULL;
}

static OSSL_LIB_CTX *get_context(mhsmi_visit_context *context)
{
    OSSL_LIB_CTX *found = atomic_load(context), *made;
    OSSL_PROVIDER *provider;

    if (found != NULL)
        return found;
    made = context_new(&provider);
    if (made == NULL || atomic_compare_exchange_strong(context, &found, made))
        return made;
    /* Another thread was faster. A context does not take its providers along. */
    (void)OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(made);
    return found;
}

int mhsmi_visit_begin(struct mhsmi_visit *visit, mhsmi_visit_context *context)
{
    OSSL_LIB_CTX *ours;

    visit->error = errno;
    visit->previous = NULL;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &visit->cancel);
    ours = get_context(context);
    if (ours != NULL)
        visit->previous = OSSL_LIB_CTX_set0_default(ours);
    return visit->previous != NULL;
}

void mhsmi_visit_end(const struct mhsmi_visit *visit)
{
    /* Clearing goes through all places that an error may have. */
    if (ERR_peek_error() != 0)
        ERR_clear_error();
    if (visit->previous != NULL)
        (void)OSSL_LIB_CTX_set0_default(visit->previous);
    (void)pthread_setcancelstate(visit->cancel, NULL);
    errno = visit->error;
}

void mhsmi_visit_thread_ends(mhsmi_visit_context *context)
{
    OSSL_LIB_CTX *ours = atomic_load(context);

    if (ours != NULL)
        OPENSSL_thread_stop_ex(ours);
    OPENSSL_thread_stop();
}
