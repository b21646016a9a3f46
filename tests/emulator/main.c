/* SPDX-License-Identifier: MIT
 *
 * mhsm-emulator: start, wait for a signal, stop. One process a state folder;
 * it serves nothing before all of its ports listen.
 */
#include "certificate.h"
#include "control.h"
#include "environment.h"
#include "hsm.h"
#include "identity.h"
#include "server.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERVICE, CONTROL, IMDS, FABRIC, SERVERS };

static const struct {
    const char *kept; /* the port's name in the state */
    emu_server_handler *handler;
    size_t option;
} servers[SERVERS] = {
    [SERVICE] = {"port", emu_service, offsetof(struct emu_options, port)},
    [CONTROL] = {"control_port", emu_control,
                 offsetof(struct emu_options, control_port)},
    [IMDS] = {"imds_port", emu_metadata,
              offsetof(struct emu_options, imds_port)},
    [FABRIC] = {"fabric_port", emu_service_fabric,
                offsetof(struct emu_options, fabric_port)},
};

static int complain(const char *what, const char *about)
{
    fprintf(stderr, "mhsm-emulator: %s: %s\n", about, what);
    return 0;
}

/* A new folder is private. An old one keeps its mode, since what is written
 * into it is private anyway; but nobody else may be able to put files there. */
static int open_folder(const char *path)
{
    struct stat about;
    int folder;

    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        complain(strerror(errno), path);
        return -1;
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        complain(strerror(errno), path);
    } else if (fstat(folder, &about) != 0 ||
               (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        complain("others can write to this folder", path);
        close(folder);
        folder = -1;
    }
    return folder;
}

/* One emulator at a time holds the folder: the lock stays open until the
 * process ends. What an earlier run left in env must not be taken for this
 * one's. */
static int take_folder(const char *path)
{
    int folder = open_folder(path), lock = -1, ok = 0;

    if (folder < 0)
        return 0;
    lock =
        openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        complain(strerror(errno), path);
    else if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        complain("in use by another emulator", path);
    else
        ok = unlinkat(folder, "env", 0) == 0 || errno == ENOENT;
    close(folder);
    if (!ok && lock >= 0)
        close(lock);
    return ok;
}

static int64_t wanted_port(struct emu_hsm *hsm, int which)
{
    int64_t port;
    struct emu_bytes kept = {NULL, 0};

    memcpy(&port, (const char *)hsm->options + servers[which].option,
           sizeof(port));
    if (port == 0 && emu_store_get(hsm->store, servers[which].kept, &kept) == 1)
        port = strtoll((const char *)kept.data, NULL, 10);
    emu_bytes_free(&kept);
    return port;
}

static int start_one(struct emu_hsm *hsm, int which,
                     const struct emu_certificate *c, struct emu_server **out)
{
    struct emu_server_options o;
    char text[16];

    memset(&o, 0, sizeof(o));
    o.port = wanted_port(hsm, which);
    o.handler = servers[which].handler;
    if (which == SERVICE) {
        o.certificate = (const char *)c->leaf.data;
        o.key = (const char *)c->key.data;
        o.counted = 1;
    } else if (which == FABRIC) {
        o.certificate = (const char *)c->lone.data;
        o.key = (const char *)c->lone_key.data;
    }
    if (!emu_server_start(out, hsm, &o))
        return complain("cannot listen", servers[which].kept);
    snprintf(text, sizeof(text), "%lld", (long long)emu_server_port(*out));
    return emu_store_set(hsm->store, servers[which].kept, text, strlen(text));
}

static int run(struct emu_hsm *hsm, const sigset_t *signals)
{
    struct emu_server *running[SERVERS] = {NULL, NULL, NULL, NULL};
    struct emu_certificate c;
    struct emu_ports ports;
    int i, ok = 1, got = 0;

    if (!emu_certificate_open(&c, hsm->store, hsm->options->san))
        return complain("no certificate could be made", "--san");
    for (i = 0; ok && i < SERVERS; i++)
        ok = start_one(hsm, i, &c, &running[i]);
    if (ok) {
        ports.service = emu_server_port(running[SERVICE]);
        ports.control = emu_server_port(running[CONTROL]);
        ports.imds = emu_server_port(running[IMDS]);
        ports.fabric = emu_server_port(running[FABRIC]);
        ok = emu_environment_write(hsm, &ports, &c);
        if (!ok)
            complain("env could not be written", hsm->options->state);
    }
    while (ok && sigwait(signals, &got) != 0)
        continue;
    emu_environment_remove(hsm);
    emu_faults_stop(hsm->faults);
    for (i = 0; i < SERVERS; i++)
        emu_server_stop(running[i]);
    emu_certificate_free(&c);
    return ok;
}

int main(int argc, char **argv)
{
    struct emu_options options;
    struct emu_hsm hsm;
    sigset_t signals;
    int ok;

    if (!emu_options_parse(&options, argc, argv))
        return 2;
    if (options.help) {
        emu_options_help();
        return 0;
    }
    /* The module under test may be in the user's openssl.cnf: here it would
     * make the emulator ask itself. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    /* Blocked before any thread exists, so that all inherit it. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!take_folder(options.state))
        return 1;
    if (!emu_hsm_open(&hsm, &options)) {
        complain("the state cannot be opened", options.state);
        return 1;
    }
    ok = run(&hsm, &signals);
    emu_hsm_close(&hsm);
    return ok ? 0 : 1;
}
