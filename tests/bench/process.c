/* SPDX-License-Identifier: MIT
 *
 * What the module costs a process: time to start for one that only loads it,
 * and memory of one that signs.
 */
#include "bench.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

static void write_configuration(const char *path, int with)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        th_die("cannot write %s", path);
    fprintf(file,
            "openssl_conf = init\n[init]\nproviders = list\n[list]\n"
            "default = def\n%s[def]\nactivate = 1\n"
            "[own]\nmodule = %s/mhsm.so\nactivate = 1\n",
            with ? "mhsm = own\n" : "", getenv("TEST_MODULES"));
    if (fclose(file) != 0)
        th_die("cannot write %s", path);
}

/* Nanoseconds that this program, started again to do next to nothing, lives. */
static long life(const char *configuration)
{
    char self[] = "bench", what[] = "started";
    char *arguments[] = {self, what, NULL};
    struct timespec begun, ended;
    int status = -1;
    pid_t child;

    setenv("OPENSSL_CONF", configuration, 1);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) !=
            0 ||
        waitpid(child, &status, 0) != child || status != 0)
        th_die("cannot start this program again");
    clock_gettime(CLOCK_MONOTONIC, &ended);
    unsetenv("OPENSSL_CONF");
    return (ended.tv_sec - begun.tv_sec) * 1000000000L + ended.tv_nsec -
           begun.tv_nsec;
}

double bench_start(int times)
{
    char path[2][512];
    long least[2] = {0, 0};

    for (int with = 0; with < 2; with++) {
        snprintf(path[with], sizeof(path[with]), "%s/start-%d.cnf", th_state(),
                 with);
        write_configuration(path[with], with);
    }
    for (int i = 0; i < times; i++) {
        for (int with = 0; with < 2; with++) {
            long took = life(path[with]);

            if (least[with] == 0 || took < least[with])
                least[with] = took;
        }
    }
    return (double)least[1] / (double)least[0];
}

int bench_started(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

    EVP_MD_free(md);
    return md == NULL;
}

long bench_peak_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long peak = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return peak;
}
