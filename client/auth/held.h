/* SPDX-License-Identifier: MIT
 *
 * A token that is kept, with the times that say until when it is used and when
 * it should be renewed.
 */
#ifndef MHSM_CLIENT_AUTH_HELD_H
#define MHSM_CLIENT_AUTH_HELD_H

#include "auth/credential.h"

/* Immutable. */
struct mhsmi_held {
    struct mhsmi_buf text;
    int64_t until;      /* Unix seconds; INT64_MAX: until it is refused */
    int64_t until_ms;   /* the same on the monotonic clock */
    int64_t refresh_ms; /* renew ahead from here on; INT64_MAX: never */
};

/* Copies of a token just acquired, and of a held one; NULL: out of memory. */
struct mhsmi_held *mhsmi_held_new(const struct mhsmi_token *token);
struct mhsmi_held *mhsmi_held_copy(const struct mhsmi_held *from);
/* Wipes. */
void mhsmi_held_free(struct mhsmi_held *held);
/* Not NULL and not too close to its end. */
int mhsmi_held_is_usable(const struct mhsmi_held *held);

#endif
