/* SPDX-License-Identifier: MIT
 *
 * The XML of the blob store: pages of List Blobs, and its errors.  expat reads
 * it; what comes from outside is bounded, and a document type is refused.
 */
#ifndef MHSM_CLIENT_BACKUP_BLOB_LIST_H
#define MHSM_CLIENT_BACKUP_BLOB_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { MHSMI_BLOB_NAME_MAX = 1024, MHSMI_MARKER_MAX = 2048 };

struct mhsmi_blob {
    const char *name;
    int64_t modified; /* Unix seconds; 0: not told */
    uint64_t size;
};

/* Takes a blob, which lives during the call: 1, or 0 to stop. */
typedef int mhsmi_blob_taker(void *context, const struct mhsmi_blob *blob);

/* All blobs of a page to `take`; `marker` (MHSMI_MARKER_MAX + 1 octets) gets
 * where the next page begins, "" when there is none.  MHSM_ERR_PROTOCOL when
 * it is no page; MHSM_ERR_MEMORY when `take` stopped it. */
MHSM_NODISCARD mhsm_status mhsmi_blob_page_read(const void *xml, size_t size,
                                                mhsmi_blob_taker *take,
                                                void *context, char *marker,
                                                mhsm_error **err);

struct mhsmi_blob_error {
    char code[64]; /* "" when the answer tells none */
};

void mhsmi_blob_error_read(const void *xml, size_t size,
                           struct mhsmi_blob_error *out);

#endif
