/* SPDX-License-Identifier: MIT
 *
 * Steps: the HSM's firewall, and activation.  Both are seen in the answer to
 * one read with a token, which is of the key, or of one name of a key.
 */
#include <string.h>

#include "base/text.h"
#include "doctor/step.h"

/* The service's words, in its code or its message. */
static const struct {
    const char *text;
    const char *means, *next;
} walls[] = {
    {"ForbiddenByFirewall", "the HSM's network rules do not admit this address",
     "add this machine's outgoing address to the HSM's network rules, or use "
     "a private endpoint"},
    {"Client address", "the HSM's network rules do not admit this address",
     "add this machine's outgoing address to the HSM's network rules, or use "
     "a private endpoint"},
    {"ForbiddenByConnection",
     "public access to the HSM is off, and this connection came in by the "
     "public endpoint",
     "reach the HSM by its private endpoint: run in its network, and let its "
     "name resolve there to the private address"},
    {"Public network access",
     "public access to the HSM is off, and this connection came in by the "
     "public endpoint",
     "reach the HSM by its private endpoint: run in its network, and let its "
     "name resolve there to the private address"},
    {"not a trusted service",
     "the HSM's network rules do not admit this address",
     "\"Allow trusted services\" does not cover programs of your own, nor the "
     "browser that shows the portal: use the private endpoint"},
};

static int says(const mhsm_error *err, const char *text)
{
    return mhsmi_text_find(mhsm_error_code(err), text) != NULL ||
           mhsmi_text_find(mhsm_error_message(err), text) != NULL;
}

/* 1 when the firewall has refused. */
static int tell_wall(struct doctor *doctor)
{
    const mhsm_error *err = doctor->refusal;
    size_t i;

    for (i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
        if (mhsm_error_http_status(err) != 403 || !says(err, walls[i].text))
            continue;
        doctor_say(doctor, DOCTOR_FAIL, walls[i].means, walls[i].next, "%s",
                   mhsm_error_message(err));
        doctor_fact(doctor, "code", mhsm_error_code(err));
        doctor_fact(doctor, "requestId", mhsm_error_request_id(err));
        return 1;
    }
    return 0;
}

static void ask(struct doctor *doctor)
{
    const char *key = doctor->request->key;
    struct mhsmi_buf path;

    mhsmi_buf_init(&path, 512);
    if (doctor_path(doctor, &path))
        doctor->reply =
            doctor_read(doctor, mhsmi_buf_text(&path),
                        key != NULL ? "read the key" : "list the keys",
                        "Microsoft.KeyVault/managedHsm/keys/read/action",
                        &doctor->served, &doctor->refusal);
    else
        doctor->out_of_memory = 1;
    mhsmi_buf_clear(&path);
}

void doctor_firewall(struct doctor *doctor)
{
    int http;

    ask(doctor);
    http = mhsm_error_http_status(doctor->refusal);
    if (doctor->reply != MHSM_OK && http == 0) {
        doctor_say_error(doctor, DOCTOR_FAIL, doctor->refusal,
                         "a request with a token has had no answer");
        return;
    }
    if (tell_wall(doctor))
        return;
    if (http == 401) {
        doctor_say_error(
            doctor, DOCTOR_FAIL, doctor->refusal,
            "the HSM does not accept the token: it is of another tenant or "
            "audience, or expired by the HSM's clock");
        return;
    }
    doctor->has |= DOCTOR_HAS_SERVICE;
    doctor_say(doctor, DOCTOR_OK, NULL, NULL,
               "the HSM lets requests from here in");
}

void doctor_activation(struct doctor *doctor)
{
    const mhsm_error *err = doctor->refusal;

    if (doctor->reply == MHSM_ERR_NOT_ACTIVATED) {
        doctor_say(doctor, DOCTOR_FAIL,
                   "the HSM serves no key before its security domain has been "
                   "downloaded or uploaded",
                   "activate the HSM: `mhsm security-domain keygen` makes the "
                   "RSA keys of its holders, and `mhsm security-domain "
                   "download` gets it for them; `upload` restores that of "
                   "another HSM",
                   "%s", mhsm_error_message(err));
        doctor_fact(doctor, "requestId", mhsm_error_request_id(err));
    } else if (mhsm_error_http_status(err) >= 500 ||
               doctor->reply == MHSM_ERR_THROTTLED) {
        doctor_say_error(doctor, DOCTOR_FAIL, err,
                         "the HSM is not serving now: it is overloaded, being "
                         "restored, or out of order");
    } else {
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "the HSM is serving");
    }
}
