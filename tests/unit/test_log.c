/* SPDX-License-Identifier: MIT
 *
 * The log: silent by default, one clean line a call, never into a descriptor
 * that is no longer its own.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/mhsm-log-XXXXXX";
static char path[64], other[64];

static size_t slurp(const char *from, char *text, size_t max)
{
    FILE *file = fopen(from, "r");
    size_t size = 0;

    if (file != NULL) {
        size = fread(text, 1, max - 1, file);
        (void)fclose(file);
    }
    text[size] = 0;
    return size;
}

static void test_silent(void)
{
    CHECK(!mhsmi_log_enabled(MHSMI_LOG_ERROR));
    CHECK(!mhsmi_log_enabled(MHSMI_LOG_NONE));
    mhsmi_log(MHSMI_LOG_ERROR, "must not appear");
}

static void test_levels(void)
{
    char text[4096];
    mhsm_error *err = NULL;
    struct stat found;

    CHECK(mhsmi_log_open(MHSMI_LOG_WARNING, path, &err) == MHSM_OK);
    CHECK(mhsmi_log_enabled(MHSMI_LOG_ERROR));
    CHECK(mhsmi_log_enabled(MHSMI_LOG_WARNING));
    CHECK(!mhsmi_log_enabled(MHSMI_LOG_INFO));
    errno = EDOM;
    mhsmi_log(MHSMI_LOG_WARNING, "one %d", 1);
    CHECK(errno == EDOM);
    mhsmi_log(MHSMI_LOG_INFO, "hidden");
    mhsmi_log(MHSMI_LOG_ERROR, "two\nthree\x1b");
    CHECK(slurp(path, text, sizeof(text)) > 0);
    CHECK(strstr(text, "warning: one 1\n") != NULL);
    CHECK(strstr(text, "error: two three \n") != NULL);
    CHECK(strstr(text, "hidden") == NULL);
    CHECK(stat(path, &found) == 0 && (found.st_mode & 0777) == 0600);
}

static void test_long_line(void)
{
    char text[8192], big[4000];
    size_t before = slurp(path, text, sizeof(text));

    memset(big, 'b', sizeof(big) - 1);
    big[sizeof(big) - 1] = 0;
    mhsmi_log(MHSMI_LOG_ERROR, "%s", big);
    CHECK(slurp(path, text, sizeof(text)) <= before + 1024);
    CHECK(text[strlen(text) - 1] == '\n');
}

static void test_unwritable(void)
{
    mhsm_error *err = NULL;

    CHECK(mhsmi_log_open(MHSMI_LOG_DEBUG, "/nonexistent/x", &err) ==
          MHSM_ERR_IO);
    CHECK(strstr(mhsm_error_message(err), "/nonexistent/x") != NULL);
    mhsm_error_free(&err);
    /* The old log stays. */
    CHECK(mhsmi_log_enabled(MHSMI_LOG_WARNING));
    CHECK(!mhsmi_log_enabled(MHSMI_LOG_DEBUG));
}

/* A daemon closes all descriptors and opens files of its own. */
static void test_stolen_descriptor(void)
{
    char text[4096];
    mhsm_error *err = NULL;
    int fd, highest, stolen[64];

    CHECK(mhsmi_log_open(MHSMI_LOG_ERROR, path, &err) == MHSM_OK);
    highest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_FATAL(highest > 2 && highest < 60);
    for (fd = 3; fd <= highest; fd++)
        (void)close(fd);
    for (fd = 3; fd <= highest; fd++)
        stolen[fd] = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    mhsmi_log(MHSMI_LOG_ERROR, "astray");
    CHECK(slurp(other, text, sizeof(text)) == 0);
    for (fd = 3; fd <= highest; fd++)
        (void)close(stolen[fd]);
    mhsmi_log(MHSMI_LOG_ERROR, "to nobody");
    CHECK(mhsmi_log_open(MHSMI_LOG_ERROR, path, &err) == MHSM_OK);
    mhsmi_log(MHSMI_LOG_ERROR, "back again");
    CHECK(slurp(path, text, sizeof(text)) > 0);
    CHECK(strstr(text, "back again") != NULL);
    CHECK(strstr(text, "astray") == NULL);
}

static void *write_lines(void *arg)
{
    int i;

    for (i = 0; i < 200; i++)
        mhsmi_log(MHSMI_LOG_ERROR, "thread %s line %d end", (char *)arg, i);
    return NULL;
}

static void test_threads(void)
{
    static char names[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    char line[256];
    mhsm_error *err = NULL;
    FILE *file;
    int i, count = 0, whole = 1;

    CHECK(mhsmi_log_open(MHSMI_LOG_ERROR, other, &err) == MHSM_OK);
    for (i = 0; i < 4; i++)
        CHECK_FATAL(pthread_create(&threads[i], NULL, write_lines, names[i]) ==
                    0);
    for (i = 0; i < 50; i++) {
        CHECK(mhsmi_log_open(MHSMI_LOG_ERROR, other, &err) == MHSM_OK);
    }
    for (i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    file = fopen(other, "r");
    CHECK_FATAL(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        size_t size = strlen(line);

        count++;
        whole = whole && size > 4 && strcmp(line + size - 4, "end\n") == 0;
    }
    (void)fclose(file);
    CHECK(count == 800 && whole);
    CHECK(mhsmi_log_open(MHSMI_LOG_NONE, NULL, &err) == MHSM_OK);
    CHECK(!mhsmi_log_enabled(MHSMI_LOG_ERROR));
}

int main(void)
{
    static const struct check checks[] = {
        {"silent", test_silent},
        {"levels", test_levels},
        {"long line", test_long_line},
        {"unwritable", test_unwritable},
        {"stolen descriptor", test_stolen_descriptor},
        {"threads", test_threads},
        {NULL, NULL},
    };
    int bad;

    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/a.log", folder);
    (void)snprintf(other, sizeof(other), "%s/b.log", folder);
    bad = check_main("log", checks);
    (void)unlink(path);
    (void)unlink(other);
    (void)rmdir(folder);
    return bad;
}
