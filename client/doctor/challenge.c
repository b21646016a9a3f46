/* SPDX-License-Identifier: MIT
 *
 * Step: challenge and tenant.  An HSM answers a request without a token by
 * saying whose tokens it takes; what answers otherwise is given none.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/challenge.h"
#include "auth/service_error.h"
#include "base/config.h"
#include "doctor/step.h"

static const char check_endpoint[] =
    "check the endpoint, and the proxy if there is one";

/* Anything but 401. */
static void tell_other(struct doctor *doctor,
                       const struct mhsmi_response *response)
{
    const struct mhsmi_call call = {.method = "GET",
                                    .what = "ask for a challenge"};
    mhsm_error *err = NULL;

    if (response->status / 100 == 2) {
        doctor_say(doctor, DOCTOR_FAIL,
                   "no HSM is there: a web server, a portal that wants a "
                   "log-in, or a proxy's page",
                   check_endpoint, "HTTP %d without asking for a token",
                   response->status);
        return;
    }
    if (response->status / 100 == 3) {
        doctor_say(doctor, DOCTOR_FAIL,
                   "no HSM redirects: a portal that wants a log-in, or a "
                   "proxy, answers",
                   check_endpoint, "HTTP %d, a redirect", response->status);
        return;
    }
    (void)mhsmi_service_error(response, &call, &err);
    doctor_say_error(doctor, DOCTOR_FAIL, err,
                     "an HSM would have answered 401 and said whose tokens it "
                     "takes");
    mhsm_error_free(&err);
}

static void check_tenant(struct doctor *doctor)
{
    const char *ours = mhsm_config_get(doctor->config, "tenant-id");

    doctor_fact(doctor, "tenant", doctor->tenant);
    if (ours == NULL || doctor->tenant == NULL) {
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "the HSM's tenant is %s",
                   doctor->tenant != NULL ? doctor->tenant : "not said");
        return;
    }
    if (OPENSSL_strcasecmp(ours, doctor->tenant) == 0 ||
        strchr(ours, '.') != NULL)
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "the HSM's tenant is %s, configured is %s", doctor->tenant,
                   ours);
    else
        doctor_say(doctor, DOCTOR_FAIL,
                   "tokens of another tenant than the HSM's are refused",
                   "correct tenant-id (AZURE_TENANT_ID)",
                   "the HSM's tenant is %s, configured is %s", doctor->tenant,
                   ours);
}

/* Whether the token may be sent. */
static int check_resource(struct doctor *doctor)
{
    const char *ours = mhsm_config_get(doctor->config, "resource");

    doctor_fact(doctor, "resource", doctor->resource);
    if (doctor->resource == NULL)
        return 1;
    if (ours != NULL && strcmp(ours, doctor->resource) != 0)
        doctor_say(doctor, DOCTOR_WARN,
                   "the HSM may refuse a token for another audience",
                   "unset resource: the HSM says the right one",
                   "the HSM wants tokens for %s, configured is %s",
                   doctor->resource, ours);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "it wants tokens for %s",
                   doctor->resource);
    if (ours != NULL ||
        !mhsm_config_get_boolean(doctor->config, "verify-challenge-resource") ||
        mhsmi_challenge_covers(doctor->resource, doctor->endpoint))
        return 1;
    doctor_say(doctor, DOCTOR_FAIL,
               "it may be after tokens that are good elsewhere: none is sent",
               "check the endpoint; for an emulator or a private cloud set "
               "verify-challenge-resource = no",
               "%s is no part of %s", doctor->endpoint, doctor->resource);
    return 0;
}

void doctor_challenge(struct doctor *doctor)
{
    const struct mhsmi_response *response = &doctor->probe.response;
    struct mhsmi_challenge challenge = {0};

    doctor_fact_number(doctor, "httpStatus", response->status);
    doctor_fact(doctor, "requestId", response->request_id);
    if (response->status != 401) {
        tell_other(doctor, response);
        return;
    }
    if (!mhsmi_challenge_parse(&challenge, response->www_authenticate)) {
        doctor_say(doctor, DOCTOR_FAIL,
                   "an HSM says whose tokens it takes; something else answers",
                   check_endpoint, "HTTP 401 without a bearer challenge");
    } else {
        doctor->tenant = challenge.tenant;
        doctor->resource = challenge.resource;
        challenge.tenant = challenge.resource = NULL;
        check_tenant(doctor);
        if (check_resource(doctor))
            doctor->has |= DOCTOR_HAS_CHALLENGE;
    }
    mhsmi_challenge_clear(&challenge);
}
