/* SPDX-License-Identifier: MIT
 *
 * The local HSM of a test program: started with a private state directory,
 * steered over its control port, and ended with the program, however that
 * ends.  Must never leave a process or a file behind.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <curl/curl.h>

#include "harness_internal.h"

enum { START_LIMIT_MS = 60000, STOP_LIMIT_MS = 15000, PATH_SIZE = 512 };

static struct {
    pid_t pid;   /* 0: not running */
    pid_t owner; /* the process that started it */
    char state[PATH_SIZE];
    char log[PATH_SIZE];
    char control[PATH_SIZE];
    int failed; /* it ended badly */
} emulator;

/* Forked children have only one of the parent's threads, hence not the stacks
 * that hold the others' memory: a leak check there says nothing. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return emulator.owner != 0 && emulator.owner != getpid();
}

/* Forked children start threads of their own: the module's. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

void th_sleep_ms(long ms)
{
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

long th_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show_log(void)
{
    char line[512];
    FILE *log = fopen(emulator.log, "r");

    if (log == NULL)
        return;
    fputs("--- the emulator said:\n", stderr);
    while (fgets(line, sizeof(line), log) != NULL)
        fputs(line, stderr);
    fclose(log);
}

void th_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("harness: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    ERR_print_errors_fp(stderr);
    if (emulator.owner == getpid())
        show_log();
    exit(2);
}

/* One line of the environment file: export NAME=VALUE */
static void apply_line(char *line)
{
    static const char word[] = "export ";
    char *name = line, *value;

    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(name, word, sizeof(word) - 1) == 0)
        name += sizeof(word) - 1;
    value = strchr(name, '=');
    if (value == NULL)
        return;
    *value++ = '\0';
    if (*value == '\'' || *value == '"') {
        char *end = strrchr(value + 1, *value);

        if (end == NULL)
            th_die("unbalanced quotes in the emulator's environment file");
        *end = '\0';
        value++;
    }
    setenv(name, value, 1);
    if (strcmp(name, "MHSM_EMULATOR_CONTROL") == 0)
        snprintf(emulator.control, sizeof(emulator.control), "%s", value);
}

void th_environment_reset(void)
{
    char path[PATH_SIZE + 8], line[2048];
    FILE *file;

    snprintf(path, sizeof(path), "%s/env", emulator.state);
    file = fopen(path, "r");
    if (file == NULL)
        th_die("cannot read %s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL)
        apply_line(line);
    fclose(file);
}

/* fork, not posix_spawn: only so can the child ask to die with this process,
 * which a crash under a sanitizer would otherwise leave behind. */
static void launch(const char *program)
{
    int log =
        open(emulator.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t parent = getpid();

    if (log < 0)
        th_die("cannot write %s: %s", emulator.log, strerror(errno));
    emulator.pid = fork();
    if (emulator.pid < 0)
        th_die("fork: %s", strerror(errno));
    if (emulator.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(126);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execl(program, "mhsm-emulator", "--state", emulator.state,
              "--activated", (char *)NULL);
        _exit(127);
    }
    close(log);
}

void th_emulator_start(void)
{
    const char *program = getenv("TEST_EMULATOR");
    char ready[PATH_SIZE + 8];
    long limit = th_now_ms() + START_LIMIT_MS;
    struct stat status;

    if (program == NULL)
        th_die("run this by ctest, or set what tests/CMakeLists.txt sets");
    snprintf(ready, sizeof(ready), "%s/env", emulator.state);
    unlink(ready);
    launch(program);
    while (stat(ready, &status) != 0) {
        if (waitpid(emulator.pid, NULL, WNOHANG) == emulator.pid) {
            emulator.pid = 0;
            th_die("%s ended at its start", program);
        }
        if (th_now_ms() > limit)
            th_die("%s did not get ready", program);
        th_sleep_ms(20);
    }
    th_environment_reset();
}

void th_emulator_kill(void)
{
    kill(emulator.pid, SIGKILL);
    waitpid(emulator.pid, NULL, 0);
    emulator.pid = 0;
}

pid_t th_emulator_pid(void)
{
    return emulator.pid;
}

const char *th_host(void)
{
    const char *endpoint = getenv("MHSM_ENDPOINT");
    const char *host = endpoint == NULL ? NULL : strstr(endpoint, "://");

    if (host == NULL)
        th_die("the emulator told no endpoint");
    return host + 3;
}

const char *th_state(void)
{
    return emulator.state;
}

void th_end(void)
{
    long limit = th_now_ms() + STOP_LIMIT_MS;
    int status = 0;

    if (emulator.pid == 0)
        return;
    kill(emulator.pid, SIGTERM);
    while (waitpid(emulator.pid, &status, WNOHANG) == 0) {
        if (th_now_ms() > limit) {
            fputs("harness: the emulator ignores SIGTERM\n", stderr);
            kill(emulator.pid, SIGKILL);
            waitpid(emulator.pid, &status, 0);
            break;
        }
        th_sleep_ms(20);
    }
    emulator.pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "harness: the emulator ended badly (status %#x)\n",
                (unsigned int)status);
        show_log();
        emulator.failed = 1;
    }
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Also when a test calls exit(); never in a forked child. */
static void cleanup(void)
{
    if (emulator.owner != getpid())
        return;
    th_end();
    unlink(emulator.log);
    nftw(emulator.state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    th_service_cleanup();
    th_plain_close();
}

void th_begin(void)
{
    const char *base = getenv("TMPDIR");

    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        th_die("curl_global_init failed");
    snprintf(emulator.state, sizeof(emulator.state), "%.400s/mhsm-test-XXXXXX",
             base == NULL ? "/tmp" : base);
    if (mkdtemp(emulator.state) == NULL)
        th_die("%s: %s", emulator.state, strerror(errno));
    snprintf(emulator.log, sizeof(emulator.log), "%.480s.log", emulator.state);
    emulator.owner = getpid();
    if (atexit(cleanup) != 0)
        th_die("atexit failed");
    th_emulator_start();
}

int th_main(const char *suite, const CU_TestInfo *tests)
{
    unsigned int failures;
    CU_pSuite registered;

    th_begin();
    if (CU_initialize_registry() != CUE_SUCCESS)
        th_die("CUnit: %s", CU_get_error_msg());
    registered = CU_add_suite(suite, NULL, NULL);
    for (; registered != NULL && tests->pName != NULL; tests++) {
        if (CU_add_test(registered, tests->pName, tests->pTestFunc) == NULL)
            th_die("CUnit: %s", CU_get_error_msg());
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    if (registered == NULL || CU_basic_run_tests() != CUE_SUCCESS)
        th_die("CUnit: %s", CU_get_error_msg());
    failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    th_end();
    return failures == 0 && !emulator.failed ? 0 : 1;
}

/* Control port ------------------------------------------------------------ */

static struct json_object *control(const char *method, const char *path,
                                   const char *body)
{
    struct th_call call = {.method = method, .body = body};
    /* This program started again knows it from its environment. */
    const char *base = getenv("MHSM_EMULATOR_CONTROL");
    struct json_object *answer;
    char url[PATH_SIZE + 64];
    long status = 0;

    snprintf(url, sizeof(url), "%s%s",
             emulator.control[0] == '\0' && base != NULL ? base
                                                         : emulator.control,
             path);
    call.url = url;
    answer = th_http(&call, &status);
    if (status < 200 || status > 299)
        th_die("control %s %s answers %ld: %s", method, path, status,
               json_object_to_json_string(answer));
    return answer;
}

void th_control(const char *path, const char *body, struct json_object **answer)
{
    struct json_object *got = control("POST", path, body);

    if (answer != NULL)
        *answer = got;
    else
        json_object_put(got);
}

static long number(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value))
        th_die("the emulator's counters lack \"%s\"", name);
    return (long)json_object_get_int64(value);
}

struct th_stats th_stats(void)
{
    struct json_object *got = control("GET", "/stats", NULL);
    struct th_stats stats = {
        .connections = number(got, "connections"),
        .requests = number(got, "requests"),
        .tokens = number(got, "tokens"),
        .imds = number(got, "imds"),
    };

    json_object_put(got);
    return stats;
}

static long count_routes(const char *exact, const char *part)
{
    struct json_object *got = control("GET", "/stats", NULL), *routes = NULL;
    long total = 0;

    if (!json_object_object_get_ex(got, "routes", &routes))
        th_die("the emulator's counters lack \"routes\"");
    json_object_object_foreach(routes, name, value)
    {
        if (exact != NULL ? strcmp(name, exact) == 0
                          : strstr(name, part) != NULL)
            total += (long)json_object_get_int64(value);
    }
    json_object_put(got);
    return total;
}

long th_route(const char *route)
{
    return count_routes(route, NULL);
}

long th_key_requests(void)
{
    return count_routes(NULL, "/keys");
}

void th_reset(void)
{
    th_control("/reset", "{}", NULL);
}

void th_latency(int ms)
{
    char body[64];

    snprintf(body, sizeof(body), "{\"ms\":%d}", ms);
    th_control("/latency", body, NULL);
}

void th_fault(const char *members, ...)
{
    char one[1024], body[1100];
    va_list args;
    int size;

    va_start(args, members);
    size = vsnprintf(one, sizeof(one), members, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof(one))
        th_die("fault too long");
    snprintf(body, sizeof(body), "{\"faults\":[{%s}]}", one);
    th_control("/faults", body, NULL);
}
