/* SPDX-License-Identifier: MIT
 *
 * Step: round-trip time, the median of a few reads over one connection: what
 * each signature will take at least.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "doctor/step.h"

enum { times = 5, slow_ms = 300 };

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Milliseconds of one read; -1: it failed, which is told. */
static int64_t measure(struct doctor *doctor, const char *path)
{
    int64_t began = mhsmi_clock_ms(), took = -1;
    struct mhsmi_response response;
    mhsm_error *err = NULL;

    mhsmi_response_init(&response);
    if (doctor_get(doctor, path, &response, &err) == MHSM_OK)
        took = mhsmi_clock_ms() - began;
    else
        doctor_say_error(doctor, DOCTOR_WARN, err,
                         "the HSM answers some requests and not others");
    mhsmi_response_clear(&response);
    mhsm_error_free(&err);
    return took;
}

static void tell(struct doctor *doctor, int64_t *samples)
{
    int64_t median;

    qsort(samples, times, sizeof(samples[0]), by_size);
    median = samples[times / 2];
    doctor_fact_number(doctor, "medianMilliseconds", median);
    doctor_fact_number(doctor, "minimumMilliseconds", samples[0]);
    doctor_fact_number(doctor, "maximumMilliseconds", samples[times - 1]);
    if (median > slow_ms)
        doctor_say(doctor, DOCTOR_WARN,
                   "each signature takes this long at least, and so does a TLS "
                   "handshake of a server that uses the key",
                   "run near the HSM's region, or let a proxy or VPN on the "
                   "way be checked",
                   "%lld ms (median of %d reads, %lld to %lld)",
                   (long long)median, times, (long long)samples[0],
                   (long long)samples[times - 1]);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "%lld ms (median of %d reads, %lld to %lld)",
                   (long long)median, times, (long long)samples[0],
                   (long long)samples[times - 1]);
}

void doctor_roundtrip(struct doctor *doctor)
{
    int64_t samples[times];
    struct mhsmi_buf path;
    int i, ok;

    mhsmi_buf_init(&path, 512);
    ok = doctor_path(doctor, &path);
    if (!ok)
        doctor->out_of_memory = 1;
    /* The first opens the connection. */
    ok = ok && measure(doctor, mhsmi_buf_text(&path)) >= 0;
    for (i = 0; ok && i < times; i++) {
        samples[i] = measure(doctor, mhsmi_buf_text(&path));
        ok = samples[i] >= 0;
    }
    if (ok)
        tell(doctor, samples);
    mhsmi_buf_clear(&path);
}
