/* SPDX-License-Identifier: MIT
 *
 * ISO 8601 durations as rotation policies have them.
 */
#ifndef MHSM_CLIENT_KEYS_DURATION_H
#define MHSM_CLIENT_KEYS_DURATION_H

/* Days of "PnYnMnWnD" (each part optional, at least one; a year is 365 days, a
 * month 30), -1 when it is malformed or longer than a century. */
long mhsmi_duration_days(const char *text);

#endif
