/* SPDX-License-Identifier: MIT
 *
 * What is seen of a process from outside: this program started again for one
 * scenario, and the I/O threads and descriptors that a process has.
 */
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 60000 };

struct th_end th_again(const char *scenario)
{
    /* By its path: under valgrind the link itself leads to valgrind. */
    char self[] = "scenario", name[64], path[4096];
    char *arguments[] = {self, name, NULL};
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    struct th_end end = {-1, -1, 0};
    long begun = th_now_ms();
    pid_t child, ended = 0;
    int status = 0;

    if (size <= 0)
        th_die("no /proc");
    path[size] = '\0';
    snprintf(name, sizeof(name), "%s", scenario);
    fflush(NULL);
    if (posix_spawn(&child, path, NULL, NULL, arguments, environ) != 0)
        th_die("cannot start this program again");
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        if (th_now_ms() - begun > LIMIT_MS)
            (void)kill(child, SIGKILL);
        th_sleep_ms(2);
    }
    if (ended != child)
        th_die("cannot wait for this program");
    end.ms = th_now_ms() - begun;
    if (WIFEXITED(status))
        end.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        end.signal = WTERMSIG(status);
    return end;
}

int th_io_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;

    if (tasks == NULL)
        th_die("no /proc");
    while ((task = readdir(tasks)) != NULL) {
        char path[320], name[32] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        count += fgets(name, sizeof(name), file) != NULL &&
                 strncmp(name, "mhsm-io", 7) == 0;
        (void)fclose(file);
    }
    (void)closedir(tasks);
    return count;
}

int th_descriptors(void)
{
    DIR *descriptors = opendir("/proc/self/fd");
    struct dirent *descriptor;
    int count = -1; /* the directory itself */

    if (descriptors == NULL)
        th_die("no /proc");
    while ((descriptor = readdir(descriptors)) != NULL)
        count += descriptor->d_name[0] != '.';
    (void)closedir(descriptors);
    return count;
}
