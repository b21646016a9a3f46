/* SPDX-License-Identifier: MIT
 *
 * Counters under one lock. Names come from the route table alone, so what a
 * client sends can never make the table grow.
 */
#include "stats.h"

#include "json.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUTES_MAX 128

struct route_count {
    const char *method;
    const char *pattern;
    int64_t count;
};

struct emu_stats {
    pthread_mutex_t lock;
    int64_t counters[EMU_COUNTERS];
    struct route_count routes[ROUTES_MAX];
    size_t route_count;
};

static const char *const counter_names[EMU_COUNTERS] = {
    "connections", "requests", "tokens", "imds"};

struct emu_stats *emu_stats_new(void)
{
    struct emu_stats *s = calloc(1, sizeof(*s));

    if (s != NULL)
        pthread_mutex_init(&s->lock, NULL);
    return s;
}

void emu_stats_free(struct emu_stats *s)
{
    if (s == NULL)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void emu_stats_count(struct emu_stats *s, enum emu_counter which)
{
    pthread_mutex_lock(&s->lock);
    s->counters[which]++;
    pthread_mutex_unlock(&s->lock);
}

void emu_stats_route(struct emu_stats *s, const char *method,
                     const char *pattern)
{
    size_t i;

    pthread_mutex_lock(&s->lock);
    for (i = 0; i < s->route_count; i++) {
        if (strcmp(s->routes[i].pattern, pattern) == 0 &&
            strcmp(s->routes[i].method, method) == 0)
            break;
    }
    if (i == s->route_count && i < ROUTES_MAX) {
        s->routes[i].method = method;
        s->routes[i].pattern = pattern;
        s->routes[i].count = 0;
        s->route_count++;
    }
    if (i < ROUTES_MAX)
        s->routes[i].count++;
    pthread_mutex_unlock(&s->lock);
}

void emu_stats_reset(struct emu_stats *s)
{
    pthread_mutex_lock(&s->lock);
    memset(s->counters, 0, sizeof(s->counters));
    s->route_count = 0;
    pthread_mutex_unlock(&s->lock);
}

struct json_object *emu_stats_json(struct emu_stats *s)
{
    struct json_object *o = json_object_new_object();
    struct json_object *routes = json_object_new_object();
    size_t i;
    int ok = o != NULL && routes != NULL;

    pthread_mutex_lock(&s->lock);
    for (i = 0; ok && i < EMU_COUNTERS; i++)
        ok = emu_json_add_int(o, counter_names[i], s->counters[i]);
    for (i = 0; ok && i < s->route_count; i++) {
        char name[192];

        snprintf(name, sizeof(name), "%s %s", s->routes[i].method,
                 s->routes[i].pattern);
        ok = emu_json_add_int(routes, name, s->routes[i].count);
    }
    pthread_mutex_unlock(&s->lock);
    if (ok && emu_json_add(o, "routes", json_object_get(routes))) {
        json_object_put(routes);
        return o;
    }
    json_object_put(routes);
    json_object_put(o);
    return NULL;
}
