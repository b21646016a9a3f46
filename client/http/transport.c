/* SPDX-License-Identifier: MIT
 *
 * Transports by what they say.  Pointers prove nothing: what they pointed to
 * may have been freed, and another text have taken its place.
 */
#include "http/transport.h"

#include <stddef.h>
#include <string.h>

static const size_t members[mhsmi_transport_texts] = {
    offsetof(struct mhsmi_transport, ca_file),
    offsetof(struct mhsmi_transport, ca_pem),
    offsetof(struct mhsmi_transport, connect_to),
    offsetof(struct mhsmi_transport, proxy),
    offsetof(struct mhsmi_transport, no_proxy),
    offsetof(struct mhsmi_transport, thumbprint),
    offsetof(struct mhsmi_transport, groups),
};

const char *mhsmi_transport_text(const struct mhsmi_transport *transport,
                                 size_t index)
{
    const char *text;

    memcpy(&text, (const char *)transport + members[index], sizeof(text));
    return text;
}

void mhsmi_transport_set_text(struct mhsmi_transport *transport, size_t index,
                              const char *text)
{
    memcpy((char *)transport + members[index], &text, sizeof(text));
}

static int same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int mhsmi_transport_equal(const struct mhsmi_transport *a,
                          const struct mhsmi_transport *b)
{
    size_t i = 0;

    if (a->connect_timeout_ms != b->connect_timeout_ms ||
        a->max_connections != b->max_connections ||
        a->max_connection_age_s != b->max_connection_age_s ||
        a->idle_timeout_s != b->idle_timeout_s ||
        a->http1_only != b->http1_only)
        return 0;
    while (i < mhsmi_transport_texts &&
           same_text(mhsmi_transport_text(a, i), mhsmi_transport_text(b, i)))
        i++;
    return i == mhsmi_transport_texts;
}

int mhsmi_transport_copy(struct mhsmi_transport *to, char **block,
                         const struct mhsmi_transport *from)
{
    size_t i, size = 1;
    char *at;

    for (i = 0; i < mhsmi_transport_texts; i++) {
        const char *text = mhsmi_transport_text(from, i);

        size += text == NULL ? 0 : strlen(text) + 1;
    }
    *block = at = mhsmi_alloc(size);
    if (at == NULL)
        return 0;
    *to = *from;
    to->user_agent = NULL;
    for (i = 0; i < mhsmi_transport_texts; i++) {
        const char *text = mhsmi_transport_text(from, i);

        if (text == NULL)
            continue;
        size = strlen(text) + 1;
        memcpy(at, text, size);
        mhsmi_transport_set_text(to, i, at);
        at += size;
    }
    return 1;
}
