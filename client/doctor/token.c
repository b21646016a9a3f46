/* SPDX-License-Identifier: MIT
 *
 * Step: access token.  Which credential gave it, whose it is and for what; the
 * token itself goes nowhere but to the HSM.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/chain.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "doctor/step.h"

static const char *choose(const char *option, const char *found)
{
    return option != NULL ? option : found;
}

const char *doctor_resource(const struct doctor *doctor)
{
    const char *resource =
        choose(mhsm_config_get(doctor->config, "resource"), doctor->resource);

    return choose(resource, mhsmi_endpoint_resource(doctor->url.host));
}

/* An audience is the resource, or an application's id that stands for it. */
static int fits(const char *audience, const char *resource)
{
    size_t size = strlen(resource);

    return OPENSSL_strncasecmp(audience, resource, size) == 0 &&
           (audience[size] == '\0' || strcmp(audience + size, "/") == 0);
}

static void tell_life(struct doctor *doctor, int64_t expires)
{
    int64_t left = expires - mhsmi_clock_unix();
    char text[DOCTOR_TIME_SIZE];

    (void)doctor_time(expires, text);
    doctor_fact(doctor, "expires", text);
    if (left > 0)
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "it is good until %s, for %lld minutes", text,
                   (long long)(left / 60));
    else
        doctor_say(doctor, DOCTOR_FAIL, "the HSM will refuse it",
                   "compare the clock; a token that somebody else writes to a "
                   "file must be written anew in time",
                   "it was good until %s", text);
}

static void tell_claims(struct doctor *doctor, const char *resource)
{
    const struct mhsmi_claims *claims = &doctor->claims;

    doctor_fact(doctor, "objectId", claims->object_id);
    doctor_fact(doctor, "applicationId", claims->application);
    doctor_fact(doctor, "tenant", claims->tenant);
    doctor_fact(doctor, "audience", claims->audience);
    doctor_say(doctor, DOCTOR_OK, NULL, NULL,
               "it is of object id %s, application %s, tenant %s",
               claims->object_id != NULL ? claims->object_id : "not said",
               claims->application != NULL ? claims->application : "not said",
               claims->tenant != NULL ? claims->tenant : "not said");
    if (claims->audience != NULL && !fits(claims->audience, resource))
        doctor_say(doctor, DOCTOR_FAIL, "the HSM takes no such token",
                   "ask for a token for the resource that the HSM names",
                   "it is for %s, not for %s", claims->audience, resource);
    else if (claims->audience != NULL)
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "it is for %s",
                   claims->audience);
    if (claims->tenant != NULL && doctor->tenant != NULL &&
        OPENSSL_strcasecmp(claims->tenant, doctor->tenant) != 0)
        doctor_say(
            doctor, DOCTOR_FAIL, "the HSM takes tokens of its tenant only",
            "sign in to the HSM's tenant", "it is of tenant %s, the HSM of %s",
            claims->tenant, doctor->tenant);
    if (claims->expires != 0)
        tell_life(doctor, claims->expires);
}

static void tell_token(struct doctor *doctor, const struct mhsmi_token *token,
                       const char *resource)
{
    if (!mhsmi_buf_puts(&doctor->bearer, "Bearer ") ||
        !mhsmi_buf_append(&doctor->bearer, token->text.data,
                          token->text.size)) {
        doctor->out_of_memory = 1;
        return;
    }
    doctor->has |= DOCTOR_HAS_TOKEN;
    if (mhsmi_claims_read(&doctor->claims, mhsmi_buf_text(&token->text)))
        tell_claims(doctor, resource);
    else if (token->expires != 0)
        tell_life(doctor, token->expires);
}

/* The one in use, and why not those that come before and after it. */
static void tell_credentials(struct doctor *doctor,
                             const struct mhsmi_credential *credential)
{
    struct json_object *list = json_object_new_array();
    struct mhsmi_story story;
    size_t i;

    for (i = 0; mhsmi_chain_story(credential, i, &story); i++) {
        if (!story.used) {
            doctor_say(doctor, DOCTOR_OK, NULL, NULL, "not by %s: %s",
                       story.name, story.text);
            doctor_append(doctor, list, story.name);
            continue;
        }
        doctor_fact(doctor, "credential", story.name);
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "the credential %s has given a token", story.name);
    }
    doctor_fact_json(doctor, "otherCredentials", list);
}

void doctor_token(struct doctor *doctor)
{
    const char *tenant =
        choose(mhsm_config_get(doctor->config, "tenant-id"), doctor->tenant);
    struct mhsmi_token_request request = {tenant, doctor_resource(doctor), NULL,
                                          doctor->deadline_ms};
    struct mhsmi_counters counters = {0};
    struct mhsmi_credential *credential = NULL;
    struct mhsmi_token token;
    mhsm_error *err = NULL;
    mhsm_status st;

    if (request.resource == NULL) {
        doctor_say(doctor, DOCTOR_SKIPPED, NULL, NULL,
                   "not run: nobody said what the token is to be for");
        return;
    }
    mhsmi_token_init(&token);
    st = mhsmi_credential_new(doctor->config, &credential, &err);
    if (st == MHSM_OK)
        st = credential->type->acquire(credential, &request, &token, &counters,
                                       &err);
    if (st == MHSM_OK) {
        tell_credentials(doctor, credential);
        tell_token(doctor, &token, request.resource);
    } else {
        doctor_say_error(doctor, DOCTOR_FAIL, err,
                         "without a token the HSM does nothing");
    }
    mhsmi_token_clear(&token);
    mhsmi_credential_free(credential);
    mhsm_error_free(&err);
}
