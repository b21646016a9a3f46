/* SPDX-License-Identifier: MIT
 *
 * Pages for secrets.  What is dumpable belongs to the process: it is put back
 * as it was found once the last secret is gone.
 */
#include "base/secret.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/log.h"

static struct {
    pthread_mutex_t lock;
    size_t alive;
    int was_dumpable;
    int has_warned;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void begin(int is_locked)
{
    int warn;

    (void)pthread_mutex_lock(&state.lock);
    if (state.alive++ == 0) {
        state.was_dumpable = prctl(PR_GET_DUMPABLE) == 1;
        if (state.was_dumpable)
            (void)prctl(PR_SET_DUMPABLE, 0);
    }
    warn = !is_locked && !state.has_warned;
    if (warn)
        state.has_warned = 1;
    (void)pthread_mutex_unlock(&state.lock);
    if (warn)
        mhsmi_log(MHSMI_LOG_WARNING,
                  "secrets may be swapped to disk: memory cannot be locked "
                  "(raise the limit with ulimit -l)");
}

static void end(void)
{
    (void)pthread_mutex_lock(&state.lock);
    if (--state.alive == 0 && state.was_dumpable)
        (void)prctl(PR_SET_DUMPABLE, 1);
    (void)pthread_mutex_unlock(&state.lock);
}

struct mhsmi_secret *mhsmi_secret_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct mhsmi_secret *secret;
    void *pages;

    if (size > PTRDIFF_MAX - page)
        return NULL;
    secret = mhsmi_alloc(sizeof(*secret));
    if (secret == NULL)
        return NULL;
    secret->size = size;
    secret->mapped = (size / page + 1) * page;
    pages = mmap(NULL, secret->mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        mhsmi_free(secret);
        return NULL;
    }
    (void)madvise(pages, secret->mapped, MADV_DONTDUMP);
    (void)madvise(pages, secret->mapped, MADV_WIPEONFORK);
    secret->data = pages;
    begin(mlock2(pages, secret->mapped, 0) == 0);
    return secret;
}

void mhsmi_secret_free(struct mhsmi_secret *secret)
{
    if (secret == NULL)
        return;
    OPENSSL_cleanse(secret->data, secret->mapped);
    (void)munmap(secret->data, secret->mapped);
    mhsmi_free(secret);
    end();
}
