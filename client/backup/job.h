/* SPDX-License-Identifier: MIT
 *
 * Jobs, inside the library.
 */
#ifndef MHSM_CLIENT_BACKUP_JOB_H
#define MHSM_CLIENT_BACKUP_JOB_H

#include "auth/session.h"
#include "mhsm/backup.h"

/* One call whose answer tells of a job.  MHSM_ERR_UNSUPPORTED at a Key Vault. */
MHSM_NODISCARD mhsm_status mhsmi_job_call(mhsm_client *client,
                                          const mhsm_uri *uri,
                                          mhsm_job_kind kind,
                                          const struct mhsmi_call *call,
                                          mhsm_job **job, mhsm_error **err);

#endif
