/* SPDX-License-Identifier: MIT
 *
 * Numbers and times as people type them.  Strict: what is not wholly
 * understood is refused, naming the option, and never rounded or cut.
 */
#include <string.h>
#include <time.h>

#include "cli/cli.h"

mhsm_status cli_parse_number(const char *what, const char *text,
                             unsigned long min, unsigned long max,
                             unsigned long *value, mhsm_error **err)
{
    unsigned long number = 0;
    size_t size = strspn(text, "0123456789"), i;

    /* 9 digits fit any unsigned long. */
    if (size == 0 || size > 9 || text[size] != 0)
        goto refuse;
    for (i = 0; i < size; i++)
        number = number * 10 + (unsigned long)(text[i] - '0');
    if (number < min || number > max)
        goto refuse;
    *value = number;
    return MHSM_OK;

refuse:
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "%s %s: it is a number from %lu to %lu", what, text, min,
                       max);
}

/* Exactly `digits` digits at *at, within [min, max]. */
static int take(const char **at, int digits, int min, int max, int *value)
{
    int number = 0;

    while (digits-- > 0) {
        if (**at < '0' || **at > '9')
            return 0;
        number = number * 10 + (*(*at)++ - '0');
    }
    *value = number;
    return number >= min && number <= max;
}

static int take_char(const char **at, char c)
{
    if (**at != c)
        return 0;
    (*at)++;
    return 1;
}

/* "Z", "+HH:MM" or nothing (UTC), to the end. */
static int take_zone(const char **at, int64_t *offset)
{
    int sign = **at == '-' ? -1 : 1, hours = 0, minutes = 0;

    *offset = 0;
    if (**at == 'Z' || **at == 0) {
        *at += **at == 'Z';
        return **at == 0;
    }
    if (**at != '+' && **at != '-')
        return 0;
    (*at)++;
    if (!take(at, 2, 0, 14, &hours) || !take_char(at, ':') ||
        !take(at, 2, 0, 59, &minutes))
        return 0;
    *offset = sign * (hours * (int64_t)3600 + minutes * (int64_t)60);
    return **at == 0;
}

static int parse_iso(const char *text, int64_t *value)
{
    const char *at = text;
    struct tm tm, back;
    int64_t offset = 0;
    time_t seconds;
    int year, day;

    memset(&tm, 0, sizeof(tm));
    if (!take(&at, 4, 1970, 9999, &year) || !take_char(&at, '-') ||
        !take(&at, 2, 1, 12, &tm.tm_mon) || !take_char(&at, '-') ||
        !take(&at, 2, 1, 31, &tm.tm_mday))
        return 0;
    tm.tm_year = year - 1900;
    tm.tm_mon--;
    if (*at != 0) {
        if ((!take_char(&at, 'T') && !take_char(&at, ' ')) ||
            !take(&at, 2, 0, 23, &tm.tm_hour) || !take_char(&at, ':') ||
            !take(&at, 2, 0, 59, &tm.tm_min))
            return 0;
        if (*at == ':' &&
            (!take_char(&at, ':') || !take(&at, 2, 0, 59, &tm.tm_sec)))
            return 0;
        if (!take_zone(&at, &offset))
            return 0;
    }
    /* timegm() makes 3 March of 31 February: compare. */
    day = tm.tm_mday;
    seconds = timegm(&tm);
    if (gmtime_r(&seconds, &back) == NULL || back.tm_mday != day)
        return 0;
    *value = (int64_t)seconds - offset;
    return 1;
}

mhsm_status cli_parse_time(const char *what, const char *text, int64_t *value,
                           mhsm_error **err)
{
    size_t digits = strspn(text, "0123456789"), i;
    int64_t seconds = 0;

    if (digits > 4 && digits <= 11 && text[digits] == 0) {
        for (i = 0; i < digits; i++)
            seconds = seconds * 10 + (text[i] - '0');
    } else if (!parse_iso(text, &seconds)) {
        seconds = 0;
    }
    if (seconds <= 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s %s: it is a time such as 2026-01-31T12:00:00Z, "
                           "or Unix seconds",
                           what, text);
    *value = seconds;
    return MHSM_OK;
}
