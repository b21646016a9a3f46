/* SPDX-License-Identifier: MIT
 *
 * A container of a storage account: checked, and asked for its blobs.  A token
 * goes to hosts of Azure's blob stores and to allowed ones, over https, and
 * nowhere else.
 */
#ifndef MHSM_CLIENT_BACKUP_STORAGE_H
#define MHSM_CLIENT_BACKUP_STORAGE_H

#include "auth/session.h"
#include "mhsm/backup.h"

enum { MHSMI_STORAGE_URL_MAX = 2048, MHSMI_SAS_MAX = 4096 };

/* As checked: the URL without final slashes, the token without its "?". */
struct mhsmi_storage {
    char *container;
    const char *sas; /* borrowed; NULL: none */
    int64_t expires; /* of the token, Unix seconds; 0: unknown */
};

MHSM_NODISCARD mhsm_status mhsmi_storage_open(const mhsm_client *client,
                                              const mhsm_storage *storage,
                                              struct mhsmi_storage *out,
                                              mhsm_error **err);
void mhsmi_storage_close(struct mhsmi_storage *storage);

/* A page of blobs whose names begin with `prefix`, from `marker` on ("": the
 * first), as the XML that the store answers. */
MHSM_NODISCARD mhsm_status mhsmi_storage_page(
    mhsm_client *client, const mhsm_uri *uri,
    const struct mhsmi_storage *storage, const char *prefix, const char *marker,
    struct mhsmi_buf *page, mhsm_error **err);

#endif
