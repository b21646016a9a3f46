/* SPDX-License-Identifier: MIT
 *
 * The fault plan and the latency that tests ask for over the control port.
 */
#ifndef EMU_FAULTS_H
#define EMU_FAULTS_H

#include <json-c/json.h>
#include <stdint.h>

enum emu_fault_action {
    EMU_FAULT_NONE,
    EMU_FAULT_STATUS,
    EMU_FAULT_UNAUTHORIZED,
    EMU_FAULT_RESET,
    EMU_FAULT_SLOW,
    EMU_FAULT_TRUNCATE,
    EMU_FAULT_GARBAGE,
    EMU_FAULT_HUGE,
    EMU_FAULT_REDIRECT,
    EMU_FAULT_CHALLENGE, /* 401 with message as WWW-Authenticate */
    EMU_FAULT_STRINGS,   /* numbers of a token answer as text */
    EMU_FAULT_DOOM       /* what is begun by the request fails later */
};

struct emu_fault {
    char route[32];
    enum emu_fault_action action;
    unsigned status;
    char code[64];
    char message[256];
    char retry_after[64];
    const char *retry_header;
    int64_t ms;
    int64_t count;
    int64_t every, seen; /* hits each every-th request of the route */
};

struct emu_faults;

/* The routes of the services of managed identities, NULL past the last. */
const char *emu_fault_identity(size_t index);
/* The route's errors are those of a token service. */
int emu_fault_is_oauth(const char *route);

struct emu_faults *emu_faults_new(int64_t latency);
void emu_faults_free(struct emu_faults *f);
/* Takes the first fault planned for the route: 1 and *out, or 0. "*" in the
 * plan stands for every route except token and those of identities. */
int emu_faults_take(struct emu_faults *f, const char *route,
                    struct emu_fault *out);
/* Appends {"faults":[...]}; NULL when all is well, else what is wrong. */
const char *emu_faults_plan(struct emu_faults *f, struct json_object *body);
void emu_faults_set_latency(struct emu_faults *f, int64_t ms);
int64_t emu_faults_latency(struct emu_faults *f);
/* Forgets the plan and the latency. */
void emu_faults_clear(struct emu_faults *f);
/* Sleeps; ends early when the emulator stops. */
void emu_faults_sleep(struct emu_faults *f, int64_t ms);
void emu_faults_stop(struct emu_faults *f);

#endif
