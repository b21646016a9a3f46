/* SPDX-License-Identifier: MIT
 *
 * Writing the report.  Running out of memory is noted and ends the diagnosis
 * in run.c, so that no step has to care.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "doctor/step.h"

enum { saw_max = 2000 };

static const char *const mark_names[] = {"skipped", "ok", "warn", "fail"};

const char *doctor_mark_name(enum doctor_mark mark)
{
    return mark_names[mark];
}

void doctor_say(struct doctor *doctor, enum doctor_mark mark, const char *means,
                const char *next, const char *saw, ...)
{
    struct json_object *finding = json_object_new_object();
    char text[saw_max + 1];
    va_list arguments;

    va_start(arguments, saw);
    (void)vsnprintf(text, sizeof(text), saw, arguments);
    va_end(arguments);
    /* Much of it comes from outside. */
    mhsmi_text_clean(text, saw_max);
    if (mark > doctor->mark)
        doctor->mark = mark;
    if (finding == NULL ||
        !mhsmi_json_add_string(finding, "mark", doctor_mark_name(mark)) ||
        !mhsmi_json_add_string(finding, "saw", text) ||
        !mhsmi_json_add_string(finding, "means", means != NULL ? means : "") ||
        !mhsmi_json_add_string(finding, "next", next != NULL ? next : "") ||
        json_object_array_add(doctor->findings, json_object_get(finding)) != 0)
        doctor->out_of_memory = 1;
    json_object_put(finding);
}

void doctor_say_error(struct doctor *doctor, enum doctor_mark mark,
                      const mhsm_error *err, const char *means)
{
    const char *hint = mhsm_error_hint(err), *id = mhsm_error_request_id(err);
    /* The service's own text may name it already. */
    int add = id[0] != '\0' && strstr(mhsm_error_message(err), id) == NULL;

    doctor_say(doctor, mark, means, hint[0] != '\0' ? hint : NULL, "%s%s%s%s",
               mhsm_error_message(err), add ? " (request id " : "",
               add ? id : "", add ? ")" : "");
    doctor_fact(doctor, "status", mhsm_status_name(mhsm_error_status(err)));
    if (mhsm_error_http_status(err) != 0)
        doctor_fact_number(doctor, "httpStatus", mhsm_error_http_status(err));
    if (mhsm_error_code(err)[0] != '\0')
        doctor_fact(doctor, "code", mhsm_error_code(err));
    if (id[0] != '\0')
        doctor_fact(doctor, "requestId", id);
}

void doctor_fact(struct doctor *doctor, const char *name, const char *value)
{
    if (value != NULL && !mhsmi_json_add_string(doctor->facts, name, value))
        doctor->out_of_memory = 1;
}

void doctor_fact_number(struct doctor *doctor, const char *name, int64_t value)
{
    doctor_fact_json(doctor, name, json_object_new_int64(value));
}

void doctor_fact_json(struct doctor *doctor, const char *name,
                      struct json_object *value)
{
    if (!mhsmi_json_add(doctor->facts, name, value))
        doctor->out_of_memory = 1;
}

void doctor_append(struct doctor *doctor, struct json_object *array,
                   const char *value)
{
    struct json_object *text = json_object_new_string(value);

    if (array == NULL || text == NULL ||
        json_object_array_add(array, text) != 0) {
        json_object_put(text);
        doctor->out_of_memory = 1;
    }
}

const char *doctor_time(int64_t seconds, char text[DOCTOR_TIME_SIZE])
{
    time_t time = (time_t)seconds;
    struct tm tm;

    if (gmtime_r(&time, &tm) == NULL ||
        strftime(text, DOCTOR_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        text[0] = '\0';
    return text;
}

int doctor_left(const struct doctor *doctor, int most)
{
    int64_t left = doctor->deadline_ms - mhsmi_clock_ms();

    if (left > most)
        return most;
    return left < 1 ? 1 : (int)left;
}
