/* SPDX-License-Identifier: MIT
 *
 * What the steps share: the case, which each step adds to, and the ways to
 * say what was seen.  A step relies on nothing but what its row in run.c says
 * it needs.
 */
#ifndef MHSM_CLIENT_DOCTOR_STEP_H
#define MHSM_CLIENT_DOCTOR_STEP_H

#include <sys/socket.h>

#include "auth/claims.h"
#include "base/error.h"
#include "base/url.h"
#include "doctor/doctor.h"
#include "doctor/probe.h"
#include "http/engine.h"

/* In the order of their weight. */
enum doctor_mark {
    DOCTOR_SKIPPED = 0,
    DOCTOR_OK = 1,
    DOCTOR_WARN = 2,
    DOCTOR_FAIL = 3
};

/* What the steps before have brought; bits. */
enum {
    DOCTOR_HAS_OPTIONS = 1 << 0,
    DOCTOR_HAS_ENDPOINT = 1 << 1,
    DOCTOR_HAS_ADDRESS = 1 << 2,
    DOCTOR_HAS_CONNECTION = 1 << 3,
    DOCTOR_HAS_ANSWER = 1 << 4,    /* to a request without a token */
    DOCTOR_HAS_CHALLENGE = 1 << 5, /* which was an HSM's own */
    DOCTOR_HAS_TOKEN = 1 << 6,
    DOCTOR_HAS_SERVICE = 1 << 7 /* the HSM itself has answered with it */
};

enum { DOCTOR_ADDRESSES = 8 };

struct doctor_address {
    struct sockaddr_storage address;
    socklen_t size;
};

struct doctor {
    const struct doctor_request *request;
    const mhsm_config *config;
    int64_t deadline_ms; /* of this step */
    unsigned int has;
    int out_of_memory;

    /* Of the step under way. */
    enum doctor_mark mark;
    struct json_object *findings, *facts;

    /* Found on the way. */
    char *endpoint; /* "https://HOST[:PORT]" */
    struct mhsmi_url url;
    char *proxy; /* "HOST:PORT" when the HSM is reached by one */
    struct doctor_address addresses[DOCTOR_ADDRESSES];
    size_t address_count;
    struct doctor_probe probe;
    char *tenant, *resource; /* of the challenge, NULL: not said */
    char *user_agent;
    struct mhsmi_transport transport;
    struct mhsmi_buf bearer; /* "Bearer TOKEN" */
    struct mhsmi_claims claims;
    mhsm_status reply;          /* of the request with a token */
    mhsm_error *refusal;        /* then, unless it was served */
    struct json_object *served; /* its JSON */
};

const char *doctor_mark_name(enum doctor_mark mark);
/* One finding; `means` and `next` may be NULL. */
void doctor_say(struct doctor *doctor, enum doctor_mark mark, const char *means,
                const char *next, const char *saw, ...) MHSMI_PRINTF(5, 6);
/* The finding that an error is. */
void doctor_say_error(struct doctor *doctor, enum doctor_mark mark,
                      const mhsm_error *err, const char *means);
/* For programs; a NULL value is left out. */
void doctor_fact(struct doctor *doctor, const char *name, const char *value);
void doctor_fact_number(struct doctor *doctor, const char *name, int64_t value);
/* Takes `value`; NULL: out of memory. */
void doctor_fact_json(struct doctor *doctor, const char *name,
                      struct json_object *value);
/* Append a string to an array, which may be NULL. */
void doctor_append(struct doctor *doctor, struct json_object *array,
                   const char *value);
/* "2026-01-31T12:00:00Z" */
enum { DOCTOR_TIME_SIZE = 32 };
const char *doctor_time(int64_t seconds, char text[DOCTOR_TIME_SIZE]);

/* What is left of the step, in milliseconds, at most `most`, at least 1. */
int doctor_left(const struct doctor *doctor, int most);

/* ask.c: GET `path` of the HSM once, with the token when there is one.  The
 * error is one of getting an answer at all. */
MHSM_NODISCARD mhsm_status doctor_get(struct doctor *doctor, const char *path,
                                      struct mhsmi_response *response,
                                      mhsm_error **err);
/* The same, where anything but 2xx is an error; `what` as in struct
 * mhsmi_call, and `action` is what local RBAC calls it. */
MHSM_NODISCARD mhsm_status doctor_read(struct doctor *doctor, const char *path,
                                       const char *what, const char *action,
                                       struct json_object **answer,
                                       mhsm_error **err);
/* The path of the key, or of the list of keys. */
MHSM_NODISCARD int doctor_path(const struct doctor *doctor,
                               struct mhsmi_buf *path);

/* token.c: what the token is to be for; NULL: nobody has said. */
const char *doctor_resource(const struct doctor *doctor);

/* The steps, by file. */
void doctor_configuration(struct doctor *doctor);
void doctor_resolve(struct doctor *doctor);
void doctor_connect(struct doctor *doctor);
void doctor_tls(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_challenge(struct doctor *doctor);
void doctor_token(struct doctor *doctor);
void doctor_firewall(struct doctor *doctor);
void doctor_activation(struct doctor *doctor);
void doctor_access(struct doctor *doctor);
void doctor_roundtrip(struct doctor *doctor);

#endif
