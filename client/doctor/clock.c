/* SPDX-License-Identifier: MIT
 *
 * Step: clock.  Tokens and certificates are good for a span of time, and a
 * clock that is wrong shows as a refusal of theirs.  The HSM may say no date;
 * the authority that issues tokens does.
 */
#include <stdlib.h>

#include "auth/transport.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/libcurl.h"
#include "doctor/step.h"

/* What token services and the HSM put up with. */
enum { skew_max = 300 };

static const char *authority(const struct doctor *doctor)
{
    const char *resource = doctor_resource(doctor);

    if (mhsm_config_origin(doctor->config, "authority-host") !=
        MHSM_ORIGIN_DEFAULT)
        return mhsm_config_get(doctor->config, "authority-host");
    return mhsmi_endpoint_authority(resource != NULL ? resource : "");
}

/* The authority's date; NULL: not to be had.  The caller frees. */
static char *ask_authority(struct doctor *doctor)
{
    struct doctor_probe probe = {0};
    struct mhsmi_transport transport;
    char *date = NULL;

    mhsmi_transport_init(&transport, doctor->config, MHSMI_HOST_AUTHORITY,
                         doctor->user_agent);
    if (doctor_probe_run(&probe, &transport, authority(doctor),
                         doctor->deadline_ms, NULL) == MHSM_OK) {
        date = probe.date;
        probe.date = NULL;
    }
    doctor_probe_clear(&probe);
    return date;
}

void doctor_clock(struct doctor *doctor)
{
    const char *who = "the HSM", *date = doctor->probe.date;
    char *other = NULL, here[DOCTOR_TIME_SIZE];
    int64_t now = mhsmi_clock_unix(), there, ahead;

    if (date == NULL) {
        date = other = ask_authority(doctor);
        who = "the authority";
        now = mhsmi_clock_unix();
    }
    there = date != NULL && mhsmi_libcurl() != NULL
                ? (int64_t)mhsmi_libcurl()->getdate(date, NULL)
                : -1;
    mhsmi_free(other);
    (void)doctor_time(now, here);
    doctor_fact(doctor, "here", here);
    if (there < 0) {
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "it is %s here; neither the HSM nor the authority said what "
                   "time it is",
                   here);
        return;
    }
    ahead = now - there;
    doctor_fact(doctor, "comparedWith", who);
    doctor_fact_number(doctor, "secondsAhead", ahead);
    if (llabs((long long)ahead) > skew_max)
        doctor_say(doctor, DOCTOR_FAIL,
                   "tokens and certificates are taken for expired, or for not "
                   "yet valid",
                   "set this machine's clock (`timedatectl set-ntp true`)",
                   "it is %s here, %lld s %s %s", here, llabs((long long)ahead),
                   ahead > 0 ? "ahead of" : "behind", who);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "it is %s here, within %lld s "
                   "of %s",
                   here, llabs((long long)ahead), who);
}
