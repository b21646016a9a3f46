/* SPDX-License-Identifier: MIT
 *
 * The managed identity of a machine connected by Azure Arc, and every way in
 * which a false agent could have a program read a file for it.  The agent's
 * folder is a fixed one, so the program lives in a mount namespace where it may
 * make that folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "identity.h"

#define MANAGED "credential=managed-identity"
#define FOLDER  "/var/opt/azcmagent/tokens"

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        th_die("cannot write %s: %s", path, strerror(errno));
    close(fd);
}

/* What the parent sees at /var/opt is what we see there. */
static int is_seen(void)
{
    char path[64];
    struct stat ours, theirs;

    snprintf(path, sizeof(path), "/proc/%ld/root/var/opt", (long)getppid());
    return stat("/var/opt", &ours) != 0 || stat(path, &theirs) != 0 ||
           ours.st_dev == theirs.st_dev;
}

/* A /var/opt of our own.  A root that is no mount point, as in a chroot, cannot
 * be made private: then it is seen whether others see the mount. */
static void enter_namespace(void)
{
    unsigned int uid = getuid(), gid = getgid();
    char map[64];

    if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
        th_die("cannot enter a mount namespace: %s", strerror(errno));
    if (uid != 0) {
        write_text("/proc/self/setgroups", "deny");
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_text("/proc/self/uid_map", map);
        snprintf(map, sizeof(map), "0 %u 1", gid);
        write_text("/proc/self/gid_map", map);
    }
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (mount("none", "/var/opt", "tmpfs", 0, "mode=755") != 0)
        th_die("cannot mount: %s", strerror(errno));
    if (is_seen()) {
        (void)umount("/var/opt");
        th_die("cannot mount without being seen outside");
    }
    if (mkdir("/var/opt/azcmagent", 0755) != 0 || mkdir(FOLDER, 0755) != 0)
        th_die("cannot make " FOLDER ": %s", strerror(errno));
}

static void in_arc(void)
{
    ti_nowhere();
    ti_set("IDENTITY_ENDPOINT", "MHSM_EMULATOR_IMDS", "/arc/token");
    ti_set("IMDS_ENDPOINT", "MHSM_EMULATOR_IMDS", "");
}

static void good(void)
{
    mhsm_error *err = NULL;

    in_arc();
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /arc/token") == 2 && th_stats().imds == 0);
    /* In a chain it is found without a question; the application's id is no
     * way to choose. */
    setenv("AZURE_CLIENT_ID", "nobody", 1);
    TC_STATUS(ti_sign(NULL, &err), MHSM_OK);
    /* Without the variables the agent's program tells. */
    unsetenv("IDENTITY_ENDPOINT");
    unsetenv("IMDS_ENDPOINT");
    ti_nowhere();
}

static void identities(void)
{
    mhsm_error *err = NULL;

    in_arc();
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, "identity-client-id=a"), &err),
             MHSM_ERR_CONFIG, "identity-client-id");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, "identity-object-id=a"), &err),
             MHSM_ERR_CONFIG, "Azure Arc");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, "identity-resource-id=/a"), &err),
             MHSM_ERR_CONFIG, "identity-resource-id");
    CU_ASSERT(th_route("GET /arc/token") == 0);
    ti_nowhere();
}

/* Every challenge that must not be answered, and why. */
static void attacks(void)
{
    static const struct {
        const char *challenge, *part;
    } rows[] = {
        {"Basic realm=" FOLDER "/../tokens/good.key", "outside"},
        {"Basic realm=" FOLDER "/../../../../etc/passwd", "outside"},
        {"Basic realm=" FOLDER "/deeper/good.key", "outside"},
        {"Basic realm=" FOLDER "//good.key", "outside"},
        {"Basic realm=/var/opt/azcmagent/tokens2/good.key", "outside"},
        {"Basic realm=var/opt/azcmagent/tokens/good.key", "outside"},
        {"Basic realm=good.key", "outside"},
        {"Basic realm=/etc/shadow", "outside"},
        {"Basic realm=\\\"" FOLDER "/good.key\\\"", "outside"},
        {"Basic realm=", "outside"},
        {"Basic realm=" FOLDER "/good.txt", "does not end in .key"},
        {"Basic realm=" FOLDER "/.key", "does not end in .key"},
        {"Basic realm=" FOLDER "/good.KEY", "does not end in .key"},
        {"Basic realm=" FOLDER "/good.key=x", "does not end in .key"},
        {"Basic realm=" FOLDER "/link.key", "symbolic link"},
        {"Basic realm=" FOLDER "/large.key", "more than 4096 octets"},
        {"Basic realm=" FOLDER "/empty.key", "holds no key"},
        {"Basic realm=" FOLDER "/lines.key", "holds no key"},
        {"Basic realm=" FOLDER "/folder.key", "no regular file"},
        {"Basic realm=" FOLDER "/pipe.key", "no regular file"},
        {"Basic realm=" FOLDER "/absent.key", "No such file"},
        {"Basic " FOLDER "/good.key", "does not name a file"},
        {"Bearer realm=" FOLDER "/good.key", "does not name a file"},
        {"", "does not name a file"},
    };
    mhsm_error *err = NULL;
    char large[4098];
    size_t i;

    write_text(FOLDER "/good.key", "a-secret-of-the-agent");
    write_text(FOLDER "/good.txt", "a-secret-of-the-agent");
    write_text(FOLDER "/empty.key", "");
    write_text(FOLDER "/lines.key", "one\nX-Header: two");
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    write_text(FOLDER "/large.key", large);
    CU_ASSERT_FATAL(symlink("good.key", FOLDER "/link.key") == 0);
    CU_ASSERT_FATAL(mkdir(FOLDER "/folder.key", 0755) == 0);
    CU_ASSERT_FATAL(mkdir(FOLDER "/deeper", 0755) == 0);
    write_text(FOLDER "/deeper/good.key", "a-secret-of-the-agent");
    CU_ASSERT_FATAL(mkfifo(FOLDER "/pipe.key", 0600) == 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        in_arc();
        th_fault("\"route\":\"arc\",\"action\":\"challenge\","
                 "\"message\":\"%s\",\"count\":1",
                 rows[i].challenge);
        TH_TRUE(ti_sign(TC_OPTIONS(MANAGED), &err) == MHSM_ERR_CREDENTIAL &&
                    strstr(mhsm_error_text(err), rows[i].part) != NULL,
                "%s: %s", rows[i].challenge, mhsm_error_text(err));
        /* Nothing was sent after it. */
        TH_TRUE(th_route("GET /arc/token") == 1, "%s: %ld requests",
                rows[i].challenge, th_route("GET /arc/token"));
        mhsm_error_free(&err);
    }
    ti_nowhere();
}

/* 4096 octets are a key still; that it is the wrong one is final. */
static void wrong_key(void)
{
    mhsm_error *err = NULL;
    char large[4097];

    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    write_text(FOLDER "/large.key", large);
    in_arc();
    th_fault("\"route\":\"arc\",\"action\":\"challenge\",\"message\":"
             "\"Basic realm=" FOLDER "/large.key\",\"count\":1");
    CU_ASSERT(ti_sign(TC_OPTIONS(MANAGED), &err) == MHSM_ERR_CREDENTIAL);
    CU_ASSERT(mhsm_error_http_status(err) == 401);
    CU_ASSERT(strstr(mhsm_error_text(err), "xxxx") == NULL);
    CU_ASSERT(th_route("GET /arc/token") == 2);
    mhsm_error_free(&err);
    ti_nowhere();
}

static void answers(void)
{
    mhsm_error *err = NULL;

    /* No header, no challenge at all, and passing failures. */
    in_arc();
    th_fault("\"route\":\"arc\",\"action\":\"status\",\"status\":401");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CREDENTIAL,
             "does not name a file");
    th_fault("\"route\":\"arc\",\"action\":\"garbage\",\"count\":1");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CREDENTIAL,
             "is none");
    th_fault("\"route\":\"arc\",\"action\":\"redirect\",\"count\":1");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_PROTOCOL, "redirect");
    th_fault("\"route\":\"arc\",\"action\":\"status\",\"status\":404");
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    ti_nowhere();
}

/* In a process of its own: another user's.  The token comes before the HSM,
 * whose certificate is nothing that this user can check. */
static int as_nobody(void)
{
    mhsm_error *err = NULL;

    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 10;
    (void)ti_sign(TC_OPTIONS(MANAGED, "resource=https://managedhsm.azure.net"),
                  &err);
    return mhsm_error_status(err) == MHSM_ERR_CREDENTIAL &&
                   strstr(mhsm_error_text(err), "group himds") != NULL
               ? 0
               : 11;
}

/* A user who is no friend of the agent's is told how to become one. */
static void unreadable(void)
{
    int status = 0;
    pid_t child;

    if (getuid() != 0)
        th_die("needs root rights, to give them up");
    in_arc();
    CU_ASSERT_FATAL(chmod(FOLDER "/good.key", 0) == 0);
    th_fault("\"route\":\"arc\",\"action\":\"challenge\",\"message\":"
             "\"Basic realm=" FOLDER "/good.key\",\"count\":1");
    child = fork();
    if (child == 0) {
        alarm(30);
        _exit(as_nobody());
    }
    CU_ASSERT(child > 0 && waitpid(child, &status, 0) == child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ti_nowhere();
}

/* The agent is installed, and says nothing of itself. */
static void installed(void)
{
    mhsm_error *err = NULL;

    ti_nowhere();
    if (access("/opt/azcmagent", F_OK) == 0)
        th_die("this machine has an agent of its own");
    if (mount("none", "/opt", "tmpfs", 0, "mode=755") != 0 ||
        mkdir("/opt/azcmagent", 0755) != 0 ||
        mkdir("/opt/azcmagent/bin", 0755) != 0)
        th_die("cannot make /opt/azcmagent: %s", strerror(errno));
    write_text("/opt/azcmagent/bin/himds", "");
    /* Nobody listens at its port. */
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, "retries=0"), &err), MHSM_ERR_CONNECT,
             "Azure Arc");
    /* Who names another service means that one. */
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED, ti_option(0, "imds-endpoint",
                                                    getenv("MHSM_EMULATOR_"
                                                           "IMDS"))),
                      &err),
              MHSM_OK);
    CU_ASSERT(umount("/opt") == 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ti_prepare},    {"good", good},
        {"identities", identities}, {"attacks", attacks},
        {"wrong_key", wrong_key},   {"answers", answers},
        {"unreadable", unreadable}, {"installed", installed},
        CU_TEST_INFO_NULL,
    };

    enter_namespace();
    return th_main("client_identity_arc", tests);
}
