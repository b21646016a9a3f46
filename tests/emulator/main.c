/* SPDX-License-Identifier: MIT
 *
 * mhsm-emulator: start, wait for a signal, stop. One process a state folder;
 * it serves nothing before all of its ports listen.
 */
#include "arm.h"
#include "certificate.h"
#include "control.h"
#include "environment.h"
#include "fleet.h"
#include "identity.h"
#include "resource.h"
#include "server.h"

#include <curl/curl.h>
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

enum { CONTROL, IMDS, FABRIC, ARM, SERVERS };

/* The ports beside those of HSMs. */
static const struct {
    const char *kept; /* the port's name in the state */
    emu_server_handler *handler;
    size_t option;
} servers[SERVERS] = {
    [CONTROL] = {"control_port", emu_control,
                 offsetof(struct emu_options, control_port)},
    [IMDS] = {"imds_port", emu_metadata,
              offsetof(struct emu_options, imds_port)},
    [FABRIC] = {"fabric_port", emu_service_fabric,
                offsetof(struct emu_options, fabric_port)},
    [ARM] = {"arm_port", emu_arm, offsetof(struct emu_options, arm_port)},
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

/* The port that an option asks for, else the one of the earlier run. */
static int64_t wanted_port(struct emu_cloud *cloud, int64_t port,
                           const char *name)
{
    struct emu_bytes kept = {NULL, 0};

    if (port == 0 && emu_store_get(cloud->store, name, &kept) == 1)
        port = strtoll((const char *)kept.data, NULL, 10);
    emu_bytes_free(&kept);
    return port;
}

static int keep_port(struct emu_cloud *cloud, const char *name, int64_t port)
{
    char text[16];

    snprintf(text, sizeof(text), "%lld", (long long)port);
    return emu_store_set(cloud->store, name, text, strlen(text));
}

static int start_one(struct emu_hsm *first, int which,
                     const struct emu_certificate *c, struct emu_server **out)
{
    struct emu_cloud *cloud = first->cloud;
    struct emu_server_options o;

    memset(&o, 0, sizeof(o));
    memcpy(&o.port, (const char *)cloud->options + servers[which].option,
           sizeof(o.port));
    o.port = wanted_port(cloud, o.port, servers[which].kept);
    o.handler = servers[which].handler;
    if (which == ARM) {
        o.certificate = (const char *)c->leaf.data;
        o.key = (const char *)c->key.data;
    } else if (which == FABRIC) {
        o.certificate = (const char *)c->lone.data;
        o.key = (const char *)c->lone_key.data;
    }
    if (!emu_server_start(out, first, &o))
        return complain("cannot listen", servers[which].kept);
    return keep_port(cloud, servers[which].kept, emu_server_port(*out));
}

static int start_fleet(struct emu_cloud *cloud, const struct emu_certificate *c,
                       struct emu_fleet **out)
{
    int64_t port = wanted_port(cloud, cloud->options->port, "port");

    if (!emu_fleet_open(out, cloud, c, port))
        return complain("cannot listen", "port");
    if (!emu_resource_start(*out))
        return complain("an HSM cannot be started", cloud->options->state);
    return keep_port(cloud, "port", cloud->authority_port);
}

/* Serves until a signal comes. */
static int serve(struct emu_fleet *fleet, const struct emu_certificate *c,
                 const sigset_t *signals)
{
    struct emu_hsm *first = emu_fleet_first(fleet);
    struct emu_server *running[SERVERS] = {NULL, NULL, NULL, NULL};
    struct emu_ports ports;
    int i, ok = 1, got = 0;

    for (i = 0; ok && i < SERVERS; i++)
        ok = start_one(first, i, c, &running[i]);
    if (ok) {
        ports.service = first->cloud->authority_port;
        ports.control = emu_server_port(running[CONTROL]);
        ports.imds = emu_server_port(running[IMDS]);
        ports.fabric = emu_server_port(running[FABRIC]);
        ports.arm = emu_server_port(running[ARM]);
        ok = emu_environment_write(first->cloud, &ports, c);
        if (!ok)
            complain("env could not be written", first->options->state);
    }
    while (ok && sigwait(signals, &got) != 0)
        continue;
    emu_environment_remove(first->cloud);
    emu_faults_stop(first->faults);
    for (i = 0; i < SERVERS; i++)
        emu_server_stop(running[i]);
    return ok;
}

static int run(struct emu_cloud *cloud, const sigset_t *signals)
{
    struct emu_fleet *fleet = NULL;
    struct emu_certificate c;
    int ok;

    if (!emu_certificate_open(&c, cloud->store, cloud->options->san))
        return complain("no certificate could be made", "--san");
    ok = start_fleet(cloud, &c, &fleet) && serve(fleet, &c, signals);
    emu_fleet_free(fleet);
    emu_certificate_free(&c);
    return ok;
}

int main(int argc, char **argv)
{
    struct emu_options options;
    struct emu_cloud cloud;
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
    /* Not safe once there are threads. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        complain("cannot be initialised", "libcurl");
        return 1;
    }
    if (!take_folder(options.state))
        return 1;
    if (!emu_cloud_open(&cloud, &options)) {
        complain("the state cannot be opened", options.state);
        return 1;
    }
    ok = run(&cloud, &signals);
    emu_cloud_close(&cloud);
    return ok ? 0 : 1;
}
