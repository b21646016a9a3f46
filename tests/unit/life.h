/* SPDX-License-Identifier: MIT
 *
 * Requests, threads and processes for the tests of the engine's life in a
 * process.
 */
#ifndef MHSM_TESTS_UNIT_LIFE_H
#define MHSM_TESTS_UNIT_LIFE_H

#include <dirent.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "check.h"
#include "http/engine.h"
#include "loopback.h"

static struct loopback tls;
static struct mhsmi_transport transport = {
    .proxy = "",
    .connect_timeout_ms = 5000,
    .max_connections = 8,
    .max_connection_age_s = 600,
    .idle_timeout_s = 60,
    .user_agent = "mhsm-test/1",
};
static char url[128];
/* An error of the caller's keeps the engine out of his thread. */
static int by_thread;
/* So does a small stack. */
static _Thread_local int small_stack;

/* One request; its status, -1 for an answer other than 200, or -2 when the
 * caller's error was lost. */
static inline int request(const char *path, int ms, int *new_connections)
{
    struct mhsmi_request r = {.transport = &transport,
                              .method = "POST",
                              .body = "{}",
                              .body_size = 2,
                              .max_response = 4096,
                              .deadline_ms = mhsmi_clock_deadline(ms)};
    struct mhsmi_response response;
    mhsm_error *err = NULL;
    char where[256];
    int st;

    (void)snprintf(where, sizeof(where), "%s%s", url, path);
    r.url = where;
    mhsmi_response_init(&response);
    if (by_thread && !small_stack)
        ERR_raise(ERR_LIB_USER, 1);
    st = (int)mhsmi_engine_perform(&r, &response, NULL, &err);
    if (by_thread && !small_stack && st == MHSM_OK && ERR_get_error() == 0)
        st = -2;
    if (st == MHSM_OK && response.status != 200)
        st = -1;
    if (new_connections != NULL)
        *new_connections = response.new_connections;
    mhsmi_response_clear(&response);
    mhsm_error_free(&err);
    return st;
}

/* The descriptor directory of /proc says how many threads have our name. */
static inline int io_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    if (folder == NULL)
        return -1;
    while ((entry = readdir(folder)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
                       entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fgets(name, sizeof(name), file) != NULL)
            count += strcmp(name, "mhsm-io\n") == 0;
        (void)fclose(file);
    }
    (void)closedir(folder);
    return count;
}

/* The kernel drops a thread from its list a moment after it was joined. */
static inline int no_io_thread(void)
{
    int64_t limit = mhsmi_clock_deadline(5000);

    while (io_threads() != 0 && mhsmi_clock_ms() < limit)
        loopback_nap(5);
    return io_threads() == 0;
}

struct worker {
    pthread_t thread;
    const char *path;
    int count, good, opened;
};

static inline void *work(void *arg)
{
    struct worker *worker = arg;
    int i, opened;

    for (i = 0; i < worker->count; i++) {
        worker->good += request(worker->path, 20000, &opened) == MHSM_OK;
        worker->opened += opened;
    }
    return NULL;
}

#endif
