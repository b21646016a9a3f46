/* SPDX-License-Identifier: MIT
 *
 * Starting and stopping HSMs. A thread of an HSM's own port never takes the
 * lock: whoever stops that HSM holds it and waits for the thread.
 */
#include "fleet.h"

#include "server.h"
#include "service.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct member {
    char name[EMU_NAME_SIZE];
    struct emu_hsm hsm;
    struct emu_server *server;
};

struct emu_fleet {
    struct emu_cloud *cloud;
    const struct emu_certificate *certificate;
    pthread_mutex_t lock;
    struct member *members[EMU_HSMS_MAX]; /* the first is at 0 */
};

static int path_of(const struct emu_fleet *f, const char *name,
                   const char *tail, char *out, size_t size)
{
    int len = snprintf(out, size, "%s/hsm-%s.db%s", f->cloud->options->state,
                       name, tail);

    return len > 0 && (size_t)len < size;
}

static int open_state(struct emu_fleet *f, const char *name,
                      struct emu_store **out)
{
    char path[4096];

    if (f->cloud->options->memory)
        return emu_store_open(out, NULL);
    return path_of(f, name, "", path, sizeof(path)) &&
           emu_store_open(out, path);
}

static void remove_state(struct emu_fleet *f, const char *name)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    char path[4096];
    size_t i;

    for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        if (path_of(f, name, tails[i], path, sizeof(path)))
            unlink(path);
    }
}

static void member_free(struct member *m)
{
    if (m == NULL)
        return;
    if (m->hsm.faults != NULL)
        emu_faults_stop(m->hsm.faults);
    emu_server_stop(m->server);
    if (m->hsm.cloud != NULL)
        emu_hsm_close(&m->hsm);
    free(m);
}

/* Takes the store. */
static struct member *member_new(struct emu_fleet *f, const char *name,
                                 struct emu_store *store, int64_t *port)
{
    struct member *m = calloc(1, sizeof(*m));
    struct emu_server_options o;

    if (m == NULL) {
        if (store != f->cloud->store)
            emu_store_free(store);
        return NULL;
    }
    if (!emu_hsm_open(&m->hsm, f->cloud, store)) {
        free(m);
        return NULL;
    }
    snprintf(m->name, sizeof(m->name), "%s", name);
    memset(&o, 0, sizeof(o));
    o.port = *port;
    o.handler = emu_service;
    o.certificate = (const char *)f->certificate->leaf.data;
    o.key = (const char *)f->certificate->key.data;
    o.counted = 1;
    if (emu_server_start(&m->server, &m->hsm, &o)) {
        *port = emu_server_port(m->server);
        return m;
    }
    member_free(m);
    return NULL;
}

int emu_fleet_open(struct emu_fleet **out, struct emu_cloud *cloud,
                   const struct emu_certificate *certificate, int64_t port)
{
    struct emu_fleet *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return 0;
    f->cloud = cloud;
    f->certificate = certificate;
    pthread_mutex_init(&f->lock, NULL);
    f->members[0] = member_new(f, EMU_FIRST_NAME, cloud->store, &port);
    if (f->members[0] == NULL) {
        emu_fleet_free(f);
        return 0;
    }
    cloud->authority_port = port;
    cloud->fleet = f;
    *out = f;
    return 1;
}

void emu_fleet_free(struct emu_fleet *f)
{
    size_t i;

    if (f == NULL)
        return;
    /* The first lends the others its state. */
    for (i = EMU_HSMS_MAX; i > 0; i--)
        member_free(f->members[i - 1]);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void emu_fleet_lock(struct emu_fleet *f)
{
    pthread_mutex_lock(&f->lock);
}

void emu_fleet_unlock(struct emu_fleet *f)
{
    pthread_mutex_unlock(&f->lock);
}

struct emu_hsm *emu_fleet_first(struct emu_fleet *f)
{
    return &f->members[0]->hsm;
}

static size_t index_of(const struct emu_fleet *f, const char *name)
{
    size_t i;

    for (i = 0; i < EMU_HSMS_MAX; i++) {
        if (f->members[i] != NULL && strcasecmp(f->members[i]->name, name) == 0)
            break;
    }
    return i;
}

struct emu_hsm *emu_fleet_find(struct emu_fleet *f, const char *name)
{
    size_t i = index_of(f, name);

    return i < EMU_HSMS_MAX ? &f->members[i]->hsm : NULL;
}

struct emu_hsm *emu_fleet_start(struct emu_fleet *f, const char *name,
                                int64_t *port)
{
    struct emu_store *store = NULL;
    size_t i = 0;

    while (i < EMU_HSMS_MAX && f->members[i] != NULL)
        i++;
    if (i == EMU_HSMS_MAX || !open_state(f, name, &store))
        return NULL;
    f->members[i] = member_new(f, name, store, port);
    return f->members[i] == NULL ? NULL : &f->members[i]->hsm;
}

void emu_fleet_stop(struct emu_fleet *f, const char *name, int forget)
{
    size_t i = index_of(f, name);

    if (i == 0)
        return;
    if (i < EMU_HSMS_MAX) {
        member_free(f->members[i]);
        f->members[i] = NULL;
    }
    if (forget)
        remove_state(f, name);
}
