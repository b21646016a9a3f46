/* SPDX-License-Identifier: MIT
 *
 * A page that the kernel clears in a child (MADV_WIPEONFORK, Linux 4.14).  No
 * hook is needed for that, so that it holds for a clone() without the C
 * library, too.
 */
#include "base/process.h"

#include <stdalign.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page_size = 4096 };

/* Nothing else may lie in it; with larger pages the kernel refuses. */
static union {
    alignas(page_size) struct mhsmi_process process;
    char octets[page_size];
} page;

enum { unknown = 0, wiped = 1, kept = 2 };

/* An emulated kernel may take any advice and follow none. */
static int ask(void)
{
    return madvise(&page, sizeof(page), -1) != 0 &&
                   madvise(&page, sizeof(page), MADV_WIPEONFORK) == 0
               ? wiped
               : kept;
}

struct mhsmi_process *mhsmi_process(void)
{
    static atomic_int state;
    int found = atomic_load(&state);

    if (found == unknown) {
        found = ask();
        atomic_store(&state, found);
    }
    return found == wiped ? &page.process : NULL;
}

pid_t mhsmi_process_id(void)
{
    struct mhsmi_process *process = mhsmi_process();
    pid_t id;

    if (process == NULL)
        return getpid();
    id = atomic_load(&process->id);
    if (id == 0) {
        id = getpid();
        atomic_store(&process->id, id);
    }
    return id;
}
