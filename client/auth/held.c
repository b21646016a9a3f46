/* SPDX-License-Identifier: MIT
 *
 * Held tokens.  Nothing here needs a lock: who shares one sees to that.
 */
#include "auth/held.h"

#include "base/clock.h"

enum {
    margin_s = 300,     /* not used any more in the last five minutes */
    short_margin_s = 30 /* of a token that lives no longer than that */
};

void mhsmi_held_free(struct mhsmi_held *held)
{
    if (held == NULL)
        return;
    mhsmi_buf_clear(&held->text);
    mhsmi_free(held);
}

struct mhsmi_held *mhsmi_held_new(const struct mhsmi_token *token)
{
    struct mhsmi_held *held = mhsmi_alloc(sizeof(*held));
    int64_t now = mhsmi_clock_unix(), life, margin;

    if (held == NULL)
        return NULL;
    mhsmi_buf_init(&held->text, token->text.max);
    if (!mhsmi_buf_append(&held->text, token->text.data, token->text.size)) {
        mhsmi_held_free(held);
        return NULL;
    }
    held->until = INT64_MAX;
    held->until_ms = INT64_MAX;
    held->refresh_ms = INT64_MAX;
    if (token->expires == 0)
        return held;
    life = token->expires > now ? token->expires - now : 0;
    margin = life > margin_s              ? margin_s
             : life > 2L * short_margin_s ? short_margin_s
                                          : life / 2;
    held->until = token->expires - margin;
    held->until_ms = mhsmi_clock_deadline((life - margin) * 1000);
    if (token->refresh > now && token->refresh < held->until)
        held->refresh_ms = mhsmi_clock_deadline((token->refresh - now) * 1000);
    return held;
}

struct mhsmi_held *mhsmi_held_copy(const struct mhsmi_held *from)
{
    struct mhsmi_held *held = mhsmi_alloc(sizeof(*held));

    if (held == NULL)
        return NULL;
    *held = *from;
    mhsmi_buf_init(&held->text, from->text.max);
    if (!mhsmi_buf_append(&held->text, from->text.data, from->text.size)) {
        mhsmi_held_free(held);
        return NULL;
    }
    return held;
}

/* Both clocks must agree: the wall clock can be set back, and the monotonic
 * one stands still while the machine sleeps. */
int mhsmi_held_is_usable(const struct mhsmi_held *held)
{
    return held != NULL && mhsmi_clock_ms() < held->until_ms &&
           mhsmi_clock_unix() < held->until;
}
