/* SPDX-License-Identifier: MIT
 *
 * One request on the engine and all that came of it, for its tests.
 */
#ifndef MHSM_TESTS_UNIT_OUTCOME_H
#define MHSM_TESTS_UNIT_OUTCOME_H

#include "base/clock.h"
#include "check.h"
#include "http/engine.h"
#include "loopback.h"

static struct loopback tls, plain;
static struct mhsmi_transport direct = {
    .proxy = "",
    .connect_timeout_ms = 2000,
    .max_connections = 8,
    .max_connection_age_s = 600,
    .idle_timeout_s = 60,
    .user_agent = "mhsm-test/1",
};

struct outcome {
    mhsm_status status;
    struct mhsmi_response response;
    struct mhsmi_counters counters;
    mhsm_error *err;
    int64_t ms;
};

static inline void forget(struct outcome *outcome)
{
    mhsmi_response_clear(&outcome->response);
    mhsm_error_free(&outcome->err);
}

static inline void perform(struct outcome *outcome,
                           struct mhsmi_request request)
{
    int64_t began = mhsmi_clock_ms();

    memset(outcome, 0, sizeof(*outcome));
    mhsmi_response_init(&outcome->response);
    if (request.transport == NULL)
        request.transport = &direct;
    if (request.method == NULL)
        request.method = "GET";
    if (request.max_response == 0)
        request.max_response = 1024 * 1024;
    if (request.deadline_ms == 0)
        request.deadline_ms = mhsmi_clock_deadline(10000);
    outcome->status = mhsmi_engine_perform(&request, &outcome->response,
                                           &outcome->counters, &outcome->err);
    outcome->ms = mhsmi_clock_ms() - began;
    CHECK((outcome->status == MHSM_OK) == (outcome->err == NULL));
    CHECK(outcome->status == mhsm_error_status(outcome->err));
}

static inline const char *url_of(const struct loopback *server,
                                 const char *path)
{
    static char url[512];

    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d%s",
                   server->kind == LOOPBACK_PLAIN ? "http" : "https",
                   server->port, path);
    return url;
}

static inline void get(struct outcome *outcome, const char *path)
{
    perform(outcome, (struct mhsmi_request){.url = url_of(&tls, path)});
}

#endif
