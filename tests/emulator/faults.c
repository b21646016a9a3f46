/* SPDX-License-Identifier: MIT
 *
 * The fault plan: a bounded list under a lock. It only decides; the server
 * carries the decision out. Without a plan it changes nothing.
 */
#include "faults.h"

#include "arm.h"
#include "json.h"
#include "router.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLAN_MAX 256
#define MS_MAX   600000

struct emu_faults {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int stopping;
    int64_t latency;
    struct emu_fault plan[PLAN_MAX];
    size_t count;
};

static const struct {
    const char *name;
    enum emu_fault_action action;
} actions[] = {
    {"status", EMU_FAULT_STATUS},
    {"unauthorized", EMU_FAULT_UNAUTHORIZED},
    {"reset", EMU_FAULT_RESET},
    {"slow", EMU_FAULT_SLOW},
    {"truncate", EMU_FAULT_TRUNCATE},
    {"garbage", EMU_FAULT_GARBAGE},
    {"huge", EMU_FAULT_HUGE},
    {"redirect", EMU_FAULT_REDIRECT},
    {"challenge", EMU_FAULT_CHALLENGE},
    {"strings", EMU_FAULT_STRINGS},
    {"doom", EMU_FAULT_DOOM},
};

struct emu_faults *emu_faults_new(int64_t latency)
{
    struct emu_faults *f = calloc(1, sizeof(*f));
    pthread_condattr_t monotonic;

    if (f == NULL)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&f->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    f->latency = latency;
    return f;
}

void emu_faults_free(struct emu_faults *f)
{
    if (f == NULL)
        return;
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static const char *const identities[] = {"imds", "app-service", "cloud-shell",
                                         "arc", "service-fabric"};

const char *emu_fault_identity(size_t index)
{
    return index < sizeof(identities) / sizeof(identities[0])
               ? identities[index]
               : NULL;
}

int emu_fault_is_oauth(const char *route)
{
    const char *name;
    size_t i;

    for (i = 0; (name = emu_fault_identity(i)) != NULL; i++) {
        if (strcmp(route, name) == 0)
            return 1;
    }
    return strcmp(route, "token") == 0;
}

static int is_for(const struct emu_fault *fault, const char *route)
{
    if (fault->count == 0)
        return 0;
    if (strcmp(fault->route, "*") == 0)
        return !emu_fault_is_oauth(route) && !emu_arm_known(route);
    return strcmp(fault->route, route) == 0;
}

/* A request of that route comes in: whether it is one that the fault hits. */
static int matches(struct emu_fault *fault, const char *route)
{
    return is_for(fault, route) && ++fault->seen % fault->every == 0;
}

int emu_faults_take(struct emu_faults *f, const char *route,
                    struct emu_fault *out)
{
    size_t i;
    int found = 0;

    pthread_mutex_lock(&f->lock);
    for (i = 0; i < f->count && !found; i++) {
        if (!matches(&f->plan[i], route))
            continue;
        *out = f->plan[i];
        found = 1;
        if (f->plan[i].count > 0 && --f->plan[i].count == 0) {
            f->count--;
            memmove(&f->plan[i], &f->plan[i + 1],
                    (f->count - i) * sizeof(f->plan[0]));
        }
    }
    pthread_mutex_unlock(&f->lock);
    return found;
}

/* Any text that fits: the writer of JSON escapes what must be. */
static int take_text(struct json_object *o, const char *name, char *out,
                     size_t size)
{
    const char *text = emu_json_string(o, name);

    if (emu_json_member(o, name) == NULL)
        return 1;
    if (text == NULL || strlen(text) >= size)
        return 0;
    memcpy(out, text, strlen(text) + 1);
    return 1;
}

/* Text that becomes a header: a control character could end it. */
static int is_header(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return 0;
    }
    return 1;
}

/* The header that says when to come again; NULL when there is none such. */
static const char *find_retry_header(struct json_object *o)
{
    static const char *const names[] = {"retry-after", "retry-after-ms",
                                        "x-ms-retry-after-ms"};
    const char *name = emu_json_string(o, "retry_header");
    size_t i;

    if (emu_json_member(o, "retry_header") == NULL)
        return names[0];
    for (i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return names[i];
    }
    return NULL;
}

/* A plan for a route that does not exist would never fire, unnoticed. */
static int route_known(const char *route)
{
    return strcmp(route, "*") == 0 || emu_fault_is_oauth(route) ||
           emu_router_known(route) || emu_arm_known(route);
}

/* Routes that answer before they are done. */
static int begins_something(const char *route)
{
    return strcmp(route, "domain") == 0 || strcmp(route, "domainupload") == 0;
}

static const char *parse(struct json_object *o, struct emu_fault *fault)
{
    const char *name = emu_json_string(o, "action");
    int64_t status = 503;
    size_t i;

    memset(fault, 0, sizeof(*fault));
    fault->count = 1;
    fault->every = 1;
    for (i = 0; name != NULL && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0)
            fault->action = actions[i].action;
    }
    if (fault->action == EMU_FAULT_NONE)
        return "unknown action";
    if (!take_text(o, "route", fault->route, sizeof(fault->route)) ||
        !route_known(fault->route))
        return "route is missing or unknown";
    if (fault->action == EMU_FAULT_DOOM && !begins_something(fault->route))
        return "nothing that is begun by that route could fail later";
    if (!take_text(o, "code", fault->code, sizeof(fault->code)) ||
        !take_text(o, "message", fault->message, sizeof(fault->message)) ||
        !take_text(o, "retry_after", fault->retry_after,
                   sizeof(fault->retry_after)) ||
        !is_header(fault->retry_after) ||
        (fault->action == EMU_FAULT_CHALLENGE && !is_header(fault->message)))
        return "code, message or retry_after is no short text";
    fault->retry_header = find_retry_header(o);
    if (fault->retry_header == NULL)
        return "retry_header is unknown";
    if (emu_json_int(o, "status", &status) < 0 || status < 200 || status > 599)
        return "status is no number from 200 to 599";
    if (emu_json_int(o, "ms", &fault->ms) < 0 || fault->ms < 0 ||
        fault->ms > MS_MAX)
        return "ms is no number from 0 to 600000";
    if (emu_json_int(o, "count", &fault->count) < 0 || fault->count < -1)
        return "count is no number from -1 up";
    if (emu_json_int(o, "every", &fault->every) < 0 || fault->every < 1)
        return "every is no number from 1 up";
    fault->status = (unsigned)status;
    return NULL;
}

const char *emu_faults_plan(struct emu_faults *f, struct json_object *body)
{
    struct json_object *list = emu_json_member(body, "faults");
    struct emu_fault *parsed = NULL;
    const char *wrong = "faults is no list of up to 256 objects";
    size_t i, count;

    if (!json_object_is_type(list, json_type_array))
        return wrong;
    count = json_object_array_length(list);
    parsed = calloc(count + 1, sizeof(*parsed));
    if (count > PLAN_MAX || parsed == NULL)
        goto out;
    for (i = 0; i < count; i++) {
        wrong = parse(json_object_array_get_idx(list, i), &parsed[i]);
        if (wrong != NULL)
            goto out;
    }
    /* All or nothing: a half-taken plan would make a test lie. */
    pthread_mutex_lock(&f->lock);
    wrong = "the plan is full";
    if (count <= PLAN_MAX - f->count) {
        memcpy(&f->plan[f->count], parsed, count * sizeof(*parsed));
        f->count += count;
        wrong = NULL;
    }
    pthread_mutex_unlock(&f->lock);
out:
    free(parsed);
    return wrong;
}

void emu_faults_set_latency(struct emu_faults *f, int64_t ms)
{
    pthread_mutex_lock(&f->lock);
    f->latency = ms;
    pthread_mutex_unlock(&f->lock);
}

int64_t emu_faults_latency(struct emu_faults *f)
{
    int64_t ms;

    pthread_mutex_lock(&f->lock);
    ms = f->latency;
    pthread_mutex_unlock(&f->lock);
    return ms;
}

void emu_faults_clear(struct emu_faults *f)
{
    pthread_mutex_lock(&f->lock);
    f->count = 0;
    f->latency = 0;
    pthread_mutex_unlock(&f->lock);
}

void emu_faults_sleep(struct emu_faults *f, int64_t ms)
{
    struct timespec until;

    if (ms <= 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&f->lock);
    while (!f->stopping &&
           pthread_cond_timedwait(&f->wake, &f->lock, &until) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&f->lock);
}

void emu_faults_stop(struct emu_faults *f)
{
    pthread_mutex_lock(&f->lock);
    f->stopping = 1;
    pthread_cond_broadcast(&f->wake);
    pthread_mutex_unlock(&f->lock);
}
