/* SPDX-License-Identifier: MIT
 *
 * Loading libcurl.  It is never unloaded: the I/O thread may be in it, and it
 * keeps state for the whole process.
 */
#include "base/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"

/* The name of its binary interface, the same since 2006. */
static const char library[] = "libcurl.so.4";
/* CURLOPT_MAXLIFETIME_CONN and what else is taken for granted: 7.84. */
enum { version_min = 0x075400 };

static const struct {
    const char *name;
    size_t member;
} functions[] = {
#define ROW(name) {"curl_" #name, offsetof(struct mhsmi_libcurl, name)},
    MHSMI_LIBCURL(ROW)
#undef ROW
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct mhsmi_libcurl table;
static int usable;

static int find_all(void *handle)
{
    size_t i;

    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *found = dlsym(handle, functions[i].name);

        if (found == NULL) {
            mhsmi_log(MHSMI_LOG_ERROR, "%s has no %s", library,
                      functions[i].name);
            return 0;
        }
        memcpy((char *)&table + functions[i].member, &found, sizeof(found));
    }
    return 1;
}

static void load(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    const curl_version_info_data *info;

    if (handle == NULL) {
        const char *why = dlerror();

        mhsmi_log(MHSMI_LOG_ERROR, "cannot load libcurl: %s",
                  why == NULL ? library : why);
        return;
    }
    if (!find_all(handle))
        return;
    info = table.version_info(CURLVERSION_NOW);
    usable = info->version_num >= version_min;
    if (!usable)
        mhsmi_log(MHSMI_LOG_ERROR, "libcurl %s is too old, 7.84 is needed",
                  info->version);
}

const struct mhsmi_libcurl *mhsmi_libcurl(void)
{
    (void)pthread_once(&once, load);
    return usable ? &table : NULL;
}
