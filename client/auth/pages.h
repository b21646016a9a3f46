/* SPDX-License-Identifier: MIT
 *
 * Lists that come page by page.  The link to the next page comes from the
 * service: it is followed only within the HSM's own origin, and never in a
 * circle.
 */
#ifndef MHSM_CLIENT_AUTH_PAGES_H
#define MHSM_CLIENT_AUTH_PAGES_H

#include "auth/session.h"

struct mhsmi_pages;

/* No request yet.  Of `call`, endpoint, path, query, what and action count and
 * are copied, and service, which outlives the pages; `member` (static) names the array in each page. */
MHSM_NODISCARD mhsm_status mhsmi_pages_new(struct mhsmi_session *session,
                                           const struct mhsmi_call *call,
                                           const char *member,
                                           struct mhsmi_pages **pages,
                                           mhsm_error **err);
/* The next item, borrowed until the next call, or *item = NULL at the end. */
MHSM_NODISCARD mhsm_status mhsmi_pages_next(struct mhsmi_pages *pages,
                                            struct json_object **item,
                                            mhsm_error **err);
/* The endpoint that serves the list; borrowed. */
const char *mhsmi_pages_endpoint(const struct mhsmi_pages *pages);
/* "cannot WHAT: WHY"; the list is no good any more. */
mhsm_status mhsmi_pages_broken(struct mhsmi_pages *pages, const char *why,
                               mhsm_error **err);
void mhsmi_pages_free(struct mhsmi_pages *pages);

#endif
