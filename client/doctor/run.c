/* SPDX-License-Identifier: MIT
 *
 * The steps in their order, what each needs of those before, and how long it
 * may take.  A step that cannot run is in the report too, with the reason.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/transport.h"
#include "base/clock.h"
#include "base/libcurl.h"
#include "doctor/step.h"
#include "mhsm/version.h"

enum { whole_ms = 29000, bearer_max = 40000 };

static const struct step {
    const char *name, *title;
    unsigned int needs;
    int limit_ms;
    void (*run)(struct doctor *doctor);
} steps[] = {
    {"configuration", "Configuration", 0, 1000, doctor_configuration},
    {"name-resolution", "Name resolution", DOCTOR_HAS_ENDPOINT, 8000,
     doctor_resolve},
    {"tcp", "TCP connection", DOCTOR_HAS_ENDPOINT | DOCTOR_HAS_ADDRESS, 5000,
     doctor_connect},
    {"tls", "TLS", DOCTOR_HAS_CONNECTION, 5000, doctor_tls},
    {"clock", "Clock", DOCTOR_HAS_ENDPOINT, 3000, doctor_clock},
    {"challenge", "Challenge and tenant", DOCTOR_HAS_ANSWER, 1000,
     doctor_challenge},
    {"token", "Access token", DOCTOR_HAS_ENDPOINT, 8000, doctor_token},
    {"firewall", "Firewall of the HSM", DOCTOR_HAS_CHALLENGE | DOCTOR_HAS_TOKEN,
     5000, doctor_firewall},
    {"activation", "Activation", DOCTOR_HAS_SERVICE, 1000, doctor_activation},
    {"access", "Local RBAC", DOCTOR_HAS_SERVICE, 5000, doctor_access},
    {"round-trip", "Round-trip time", DOCTOR_HAS_ANSWER, 5000,
     doctor_roundtrip},
};

/* Why a step is not run: the first that lacks is the cause of the others. */
static const struct {
    unsigned int has;
    const char *why;
} reasons[] = {
    {DOCTOR_HAS_OPTIONS, "the configuration cannot be read"},
    {DOCTOR_HAS_ENDPOINT, "there is no endpoint"},
    {DOCTOR_HAS_ADDRESS, "the HSM's name has no address"},
    {DOCTOR_HAS_CONNECTION, "there is no connection"},
    {DOCTOR_HAS_ANSWER, "the HSM has given no answer"},
    {DOCTOR_HAS_CHALLENGE, "what answers has not shown that it is an HSM"},
    {DOCTOR_HAS_TOKEN, "there is no token to ask with"},
    {DOCTOR_HAS_SERVICE, "the HSM has not let the request in"},
};

static void skip(struct doctor *doctor, int late)
{
    const char *why = "half a minute is over";
    size_t i;

    for (i = 0; !late && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if ((doctor->has & reasons[i].has) == 0) {
            why = reasons[i].why;
            break;
        }
    }
    doctor_say(doctor, DOCTOR_SKIPPED, NULL, NULL, "not run: %s", why);
}

static struct json_object *step_json(struct doctor *doctor,
                                     const struct step *step, int64_t ms)
{
    struct json_object *json = json_object_new_object();

    if (json != NULL && mhsmi_json_add_string(json, "step", step->name) &&
        mhsmi_json_add_string(json, "title", step->title) &&
        mhsmi_json_add_string(json, "result", doctor_mark_name(doctor->mark)) &&
        mhsmi_json_add(json, "milliseconds", json_object_new_int64(ms)) &&
        mhsmi_json_add(json, "findings", json_object_get(doctor->findings)) &&
        mhsmi_json_add(json, "facts", json_object_get(doctor->facts)))
        return json;
    json_object_put(json);
    return NULL;
}

/* The step's part of the report, NULL when memory is out. */
static struct json_object *take_step(struct doctor *doctor,
                                     const struct step *step, int64_t end_ms)
{
    int64_t began = mhsmi_clock_ms();
    struct json_object *json = NULL;

    doctor->mark = DOCTOR_SKIPPED;
    doctor->findings = json_object_new_array();
    doctor->facts = json_object_new_object();
    doctor->deadline_ms = began + step->limit_ms;
    if (doctor->deadline_ms > end_ms)
        doctor->deadline_ms = end_ms;
    if (doctor->findings != NULL && doctor->facts != NULL) {
        if ((doctor->has & step->needs) == step->needs && began < end_ms)
            step->run(doctor);
        else
            skip(doctor, began >= end_ms);
        if (!doctor->out_of_memory)
            json = step_json(doctor, step, mhsmi_clock_ms() - began);
    }
    json_object_put(doctor->findings);
    json_object_put(doctor->facts);
    return json;
}

static int add_header(struct doctor *doctor, struct json_object *report)
{
    const struct mhsmi_libcurl *curl = mhsmi_libcurl();
    char now[DOCTOR_TIME_SIZE];
    const char *key = doctor->request->key;

    return mhsmi_json_add_string(report, "mhsm", MHSM_VERSION) &&
           mhsmi_json_add_string(report, "openssl",
                                 OpenSSL_version(OPENSSL_VERSION_STRING)) &&
           mhsmi_json_add_string(
               report, "libcurl",
               curl != NULL ? curl->version_info(CURLVERSION_NOW)->version
                            : "") &&
           mhsmi_json_add_string(report, "time",
                                 doctor_time(mhsmi_clock_unix(), now)) &&
           mhsmi_json_add_string(report, "key", key != NULL ? key : "");
}

static int walk(struct doctor *doctor, struct json_object *list,
                enum doctor_mark *worst)
{
    int64_t end_ms = mhsmi_clock_deadline(whole_ms);
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct json_object *step = take_step(doctor, &steps[i], end_ms);

        if (step == NULL || json_object_array_add(list, step) != 0) {
            json_object_put(step);
            return 0;
        }
        if (doctor->mark > *worst)
            *worst = doctor->mark;
        if (doctor->request->done != NULL)
            doctor->request->done(doctor->request->data, step);
    }
    return 1;
}

static void doctor_clear(struct doctor *doctor)
{
    mhsmi_free(doctor->endpoint);
    mhsmi_url_clear(&doctor->url);
    mhsmi_free(doctor->proxy);
    doctor_probe_clear(&doctor->probe);
    mhsmi_free(doctor->tenant);
    mhsmi_free(doctor->resource);
    mhsmi_free(doctor->user_agent);
    mhsmi_buf_clear(&doctor->bearer);
    mhsmi_claims_clear(&doctor->claims);
    mhsm_error_free(&doctor->refusal);
    json_object_put(doctor->served);
}

mhsm_status doctor_run(const struct doctor_request *request,
                       struct json_object **report, mhsm_error **err)
{
    struct doctor doctor = {.request = request, .config = request->config};
    struct json_object *made = json_object_new_object();
    struct json_object *list = json_object_new_array();
    enum doctor_mark worst = DOCTOR_SKIPPED;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&doctor.bearer, bearer_max);
    doctor.user_agent = mhsmi_user_agent();
    mhsmi_transport_init(&doctor.transport, doctor.config, MHSMI_HOST_HSM,
                         doctor.user_agent);
    if (made == NULL || list == NULL || doctor.user_agent == NULL ||
        !add_header(&doctor, made) || !walk(&doctor, list, &worst) ||
        !mhsmi_json_add_string(
            made, "endpoint", doctor.endpoint != NULL ? doctor.endpoint : "") ||
        !mhsmi_json_add_string(made, "result", doctor_mark_name(worst)) ||
        !mhsmi_json_add(made, "steps", json_object_get(list)))
        st = mhsmi_error_memory(err);
    json_object_put(list);
    if (st == MHSM_OK)
        *report = made;
    else
        json_object_put(made);
    doctor_clear(&doctor);
    return st;
}
