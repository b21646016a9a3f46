/* SPDX-License-Identifier: MIT
 *
 * URLs of calls.  A token goes to whatever is made here: always https, and for
 * links that the service gives never another origin.
 */
#include "auth/call_url.h"

#include <string.h>

#include "base/url.h"

/* `name` begins a parameter of the query. */
static int has_parameter(const char *query, const char *name)
{
    size_t size = strlen(name);

    while (query != NULL && *query != '\0') {
        if (strncmp(query, name, size) == 0 && query[size] == '=')
            return 1;
        query = strchr(query, '&');
        query = query != NULL ? query + 1 : NULL;
    }
    return 0;
}

/* A link that the service gave: only within its own origin. */
static mhsm_status follow_link(const struct mhsmi_call *call,
                               const char *version, struct mhsmi_buf *url,
                               mhsm_error **err)
{
    const char *link = call->url, *query = strchr(link, '?');

    if (strchr(link, '#') != NULL ||
        !mhsmi_url_same_origin(link, call->endpoint))
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "cannot %s: the service's link leads away from %s",
                           call->what, call->endpoint);
    if (!mhsmi_buf_puts(url, link) ||
        (!has_parameter(query != NULL ? query + 1 : NULL, "api-version") &&
         !mhsmi_buf_printf(url, "%capi-version=%s", query != NULL ? '&' : '?',
                           version)))
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "cannot %s: the service's link is too long",
                           call->what);
    return MHSM_OK;
}

mhsm_status mhsmi_call_url(const struct mhsmi_call *call, const char *version,
                           struct mhsmi_buf *url, mhsm_error **err)
{
    if (strncmp(call->endpoint, "https://", 8) != 0)
        return mhsmi_error(err, MHSM_ERR_URI,
                           "%s: a token is sent over https only",
                           call->endpoint);
    if (call->url != NULL)
        return follow_link(call, version, url, err);
    if (!mhsmi_buf_join(url, call->endpoint, call->path, "?api-version=",
                        version, call->query != NULL ? "&" : "",
                        call->query != NULL ? call->query : "", NULL))
        return mhsmi_error_memory(err);
    return MHSM_OK;
}
