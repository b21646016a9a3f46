/* SPDX-License-Identifier: MIT
 *
 * The Azure CLI as a credential: a program in its place that prints what it
 * prints, fails as it fails, and looks at how it was started.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "identity.h"

#define CLI "credential=azure-cli"

static char folder[256], program[300], seen[300];

static void prepare(void)
{
    ti_prepare();
    ti_nowhere();
    snprintf(folder, sizeof(folder), "%s/bin", th_state());
    snprintf(program, sizeof(program), "%s/az", folder);
    snprintf(seen, sizeof(seen), "%s/seen", folder);
    if (mkdir(folder, 0755) != 0)
        th_die("cannot make %s", folder);
    ti_option(3, "azure-cli-path", program);
}

/* The program's body; $SEEN is a file of its own. */
static void write_program(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static void write_program(const char *format, ...)
{
    FILE *file = fopen(program, "w");
    va_list values;

    if (file == NULL)
        th_die("cannot write %s", program);
    fprintf(file, "#!/bin/sh\nSEEN=%s\n", seen);
    va_start(values, format);
    vfprintf(file, format, values);
    va_end(values);
    fclose(file);
    chmod(program, 0755);
    unlink(seen);
}

static const char *read_seen(void)
{
    static char text[8192];
    int fd = open(seen, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* `rest`: further members, each with a comma before it. */
static void write_answer(const char *rest)
{
    write_program("echo '{\"accessToken\": \"%s\"%s, \"tokenType\": "
                  "\"Bearer\"}'\n",
                  th_token(), rest);
    ti_nowhere();
}

static mhsm_status sign_with(const char *more, mhsm_error **err)
{
    const char *options[] = {CLI, ti_option(3, "azure-cli-path", program), more,
                             NULL};

    return ti_sign(options, err);
}

/* The forms in which versions of it tell the end of a token's life. */
static void expiries(void)
{
    time_t later = time(NULL) + 3000, earlier = time(NULL) - 60;
    char rest[200], local[64], zoned[64], old[64];
    mhsm_error *err = NULL;
    struct tm tm;

    strftime(local, sizeof(local), "%Y-%m-%d %H:%M:%S.123456",
             localtime_r(&later, &tm));
    strftime(old, sizeof(old), "%Y-%m-%d %H:%M:%S.123456",
             localtime_r(&earlier, &tm));
    strftime(zoned, sizeof(zoned), "%Y-%m-%dT%H:%M:%S+00:00",
             gmtime_r(&later, &tm));
    write_answer("");
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    snprintf(rest, sizeof(rest), ", \"expiresOn\": \"%s\"", local);
    write_answer(rest);
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    snprintf(rest, sizeof(rest), ", \"expiresOn\": \"%s\"", zoned);
    write_answer(rest);
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    /* The second is believed, not the local time. */
    snprintf(rest, sizeof(rest),
             ", \"expires_on\": %lld, \"expiresOn\": \"%s\"", (long long)later,
             old);
    write_answer(rest);
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    snprintf(rest, sizeof(rest), ", \"expiresOn\": \"%s\"", old);
    write_answer(rest);
    TC_ERROR(sign_with(NULL, &err), MHSM_ERR_CREDENTIAL, "has expired");
    /* Nobody is asked for a token twice while one is good. */
    write_program("echo once >>$SEEN; echo '{\"accessToken\": \"%s\"}'\n",
                  th_token());
    ti_nowhere();
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    CU_ASSERT_STRING_EQUAL(read_seen(), "once\n");
}

/* How it is started. */
static void circumstances(void)
{
    mhsm_error *err = NULL;
    sigset_t some, before;
    const char *ignored, *session;
    long id = 0, self = -1;
    char line[300];
    int fd;

    write_program("printf '%%s|' \"$@\" >>$SEEN; echo >>$SEEN\n"
                  "echo \"cwd=$(pwd) color=$AZURE_CORE_NO_COLOR\" >>$SEEN\n"
                  "echo \"stdin=$(readlink /proc/$$/fd/0)\" >>$SEEN\n"
                  "ls /proc/$$/fd >$SEEN.fds\n"
                  "echo \"fds=$(tr '\\n' ' ' <$SEEN.fds)\" >>$SEEN\n"
                  "grep -E '^Sig(Blk|Ign)' /proc/self/status >>$SEEN\n"
                  "echo \"session=$(cut -d' ' -f6 /proc/$$/stat) $$\" >>$SEEN\n"
                  "echo '{\"accessToken\": \"%s\"}'\n",
                  th_token());
    ti_nowhere();
    /* What a host may have: signals blocked and ignored, and descriptors that
     * are not closed on exec. */
    sigfillset(&some);
    pthread_sigmask(SIG_BLOCK, &some, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    fd = open("/dev/null", O_RDONLY); /* NOLINT: without O_CLOEXEC */
    TC_STATUS(sign_with("azure-cli-subscription=My Subscription_1", &err),
              MHSM_OK);
    close(fd);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    snprintf(line, sizeof(line),
             "account|get-access-token|--output|json|--scope|"
             "https://managedhsm.azure.net/.default|--tenant|%s|"
             "--subscription|My Subscription_1|\n",
             getenv("AZURE_TENANT_ID"));
    TH_TRUE(strstr(read_seen(), line) == read_seen(), "%s", read_seen());
    TH_TRUE(strstr(read_seen(), "cwd=/ color=true\n") != NULL, "%s",
            read_seen());
    TH_TRUE(strstr(read_seen(), "stdin=/dev/null\n") != NULL, "%s",
            read_seen());
    /* From 10 on the shell keeps what it needs itself. */
    TH_TRUE(strstr(read_seen(), "fds=0 1 10 2 \n") != NULL ||
                strstr(read_seen(), "fds=0 1 10 11 2 \n") != NULL,
            "%s", read_seen());
    TH_TRUE(strstr(read_seen(), "SigBlk:\t0000000000000000\n") != NULL, "%s",
            read_seen());
    /* But for the two that glibc keeps for itself. */
    ignored = strstr(read_seen(), "SigIgn:\t");
    TH_TRUE(ignored != NULL &&
                (strtoul(ignored + 8, NULL, 16) & ~0x180000000UL) == 0,
            "%s", read_seen());
    session = strstr(read_seen(), "session=");
    CU_ASSERT(session != NULL &&
              sscanf(session, "session=%ld %ld", &id, &self) == 2);
    CU_ASSERT(id == self);
}

/* What it says when it fails, and what the user is told. */
static void failures(void)
{
    static const struct {
        const char *body, *part;
    } rows[] = {
        {"echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
         "nobody is signed in"},
        {"echo \"Please run az login to set up an account\" >&2; exit 1",
         "run `az login`"},
        {"echo \"ERROR: Please run 'az account set -s X'\" >&2; exit 1",
         "no subscription selected"},
        {"echo 'To re-authenticate, please run: az login --scope x' >&2; exit "
         "1",
         "az login --scope x"},
        {"echo 'sh: 1: az: not found' >&2; exit 127", "is not installed"},
        {"exit 127", "is not installed"},
        {"exit 3", "status 3"},
        {"kill -SEGV $$", "status 139"},
        {"echo 'ERROR: AADSTS50076: more proof' >&2; exit 1", "AADSTS50076"},
        {"echo nonsense", "hold no token"},
        {"echo '{\"accessToken\": 7}'", "hold no token"},
        {"echo '{\"accessToken\": \"two words\"}'", "hold no token"},
        {"echo '{}'", "hold no token"},
        {"true", "said nothing"},
        {"head -c 10000000 /dev/zero | tr '\\0' x", "hold no token"},
    };
    mhsm_error *err = NULL;
    size_t i;

    ti_nowhere();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_program("%s\n", rows[i].body);
        TC_ERROR(sign_with(NULL, &err), MHSM_ERR_CREDENTIAL, rows[i].part);
    }
}

/* No token of it is ever shown, not even one in a message. */
static void masking(void)
{
    static const char *const bodies[] = {
        "echo 'ERROR: got {\"accessToken\": \"abc.secret.part\"}' >&2; exit 1",
        "echo 'ERROR: bad token eyJhbGci.secret.part here' >&2; exit 1",
        "echo '{\"accessToken\": \"abc secret part\"}'; exit 1",
        "echo '{\"accessToken\": \"abc.secret.part\"'",
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        write_program("%s\n", bodies[i]);
        CU_ASSERT(sign_with(NULL, &err) == MHSM_ERR_CREDENTIAL);
        TH_TRUE(strstr(mhsm_error_text(err), "secret") == NULL, "%s",
                mhsm_error_text(err));
        mhsm_error_free(&err);
    }
}

/* It is ended in time, with all that it started. */
static void slowness(void)
{
    mhsm_error *err = NULL;
    long begun = th_now_ms(), pid = 0;
    int tries;

    write_program("sleep 600 & echo $! >$SEEN; sleep 600\n");
    TC_ERROR(sign_with("timeout=2s", &err), MHSM_ERR_CREDENTIAL, "too long");
    CU_ASSERT(th_now_ms() - begun < 5000);
    CU_ASSERT(sscanf(read_seen(), "%ld", &pid) == 1 && pid > 1);
    for (tries = 0; tries < 100 && kill((pid_t)pid, 0) == 0; tries++) {
        char path[64], state = 'Z';
        FILE *file;

        /* One that nobody collects is as good as gone. */
        snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
        file = fopen(path, "r");
        if (file != NULL) {
            if (fscanf(file, "%*d %*s %c", &state) != 1)
                state = 'Z';
            fclose(file);
        }
        if (state == 'Z')
            break;
        th_sleep_ms(20);
    }
    CU_ASSERT(tries < 100);
    /* What it leaves behind is not waited for, even with its streams. */
    write_program("sleep 20 & echo $! >$SEEN; echo '{\"accessToken\": "
                  "\"%s\"}'\n",
                  th_token());
    ti_nowhere();
    begun = th_now_ms();
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    CU_ASSERT(th_now_ms() - begun < 10000);
    if (sscanf(read_seen(), "%ld", &pid) == 1 && pid > 1)
        (void)kill((pid_t)pid, SIGKILL);
}

static void collect_children(int signal_number)
{
    int saved = errno;

    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = saved;
}

/* A host that collects every child, and one that ignores their end. */
static void collectors(void)
{
    struct sigaction action = {.sa_handler = collect_children}, before;
    mhsm_error *err = NULL;

    write_answer("");
    sigaction(SIGCHLD, &action, &before);
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    action.sa_handler = SIG_IGN;
    sigaction(SIGCHLD, &action, NULL);
    TC_STATUS(sign_with(NULL, &err), MHSM_OK);
    write_program("echo \"Please run 'az login'\" >&2; exit 1\n");
    TC_ERROR(sign_with(NULL, &err), MHSM_ERR_CREDENTIAL, "nobody is signed in");
    sigaction(SIGCHLD, &before, NULL);
}

/* A host without standard streams. */
static void streams(void)
{
    mhsm_error *err = NULL;
    int kept[3], i;
    mhsm_status st;

    write_answer("");
    for (i = 0; i < 3; i++) {
        kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        close(i);
    }
    st = sign_with(NULL, &err);
    for (i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    TC_STATUS(st, MHSM_OK);
}

/* Where it is looked for. */
static void places(void)
{
    const char *path = getenv("PATH");
    char *old = strdup(path), text[4096];
    mhsm_error *err = NULL;

    write_answer("");
    snprintf(text, sizeof(text), "/nowhere:%s:%s", folder, old);
    setenv("PATH", text, 1);
    TC_STATUS(ti_sign(TC_OPTIONS(CLI), &err), MHSM_OK);
    /* Not where everybody may write, and not where the program happens to be. */
    chmod(folder, 0777);
    setenv("PATH", folder, 1);
    TC_ERROR(ti_sign(TC_OPTIONS(CLI), &err), MHSM_ERR_CREDENTIAL,
             "not installed");
    chmod(folder, 0755);
    setenv("PATH", "bin::.", 1);
    CU_ASSERT(chdir(folder) == 0);
    TC_ERROR(ti_sign(TC_OPTIONS(CLI), &err), MHSM_ERR_CREDENTIAL,
             "azure-cli-path");
    setenv("PATH", old, 1);
    free(old);
    TC_ERROR(ti_sign(TC_OPTIONS(CLI, "azure-cli-path=/nowhere/az"), &err),
             MHSM_ERR_CREDENTIAL, "/nowhere/az");
    CU_ASSERT(chdir("/") == 0);
}

static void values(void)
{
    static const struct {
        const char *name, *value;
    } bad[] = {
        {"azure-cli-path", "az"},
        {"azure-cli-subscription", "--output"},
        {"azure-cli-subscription", "a;b"},
        {"azure-cli-subscription", "$(id)"},
        {"token-credentials", "VisualStudioCredential"},
        {"token-credentials", "prod dev"},
        {"token-credentials", ""},
    };
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        TC_ERROR(mhsm_config_set(config, bad[i].name, bad[i].value,
                                 MHSM_ORIGIN_FILE, &err),
                 MHSM_ERR_CONFIG, bad[i].name);
    mhsm_config_free(config);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},
        {"expiries", expiries},
        {"circumstances", circumstances},
        {"failures", failures},
        {"masking", masking},
        {"slowness", slowness},
        {"collectors", collectors},
        {"streams", streams},
        {"places", places},
        {"values", values},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_azure_cli", tests);
}
