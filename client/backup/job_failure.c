/* SPDX-License-Identifier: MIT
 *
 * Why a job failed, as an error.  The codes are the storage account's or the
 * service's; its words are steadier, so both are searched.
 */
#include "base/error.h"
#include "base/text.h"
#include "mhsm/backup.h"

static const struct {
    const char *text;
    mhsm_status status;
    const char *hint;
} meanings[] = {
    {"Authorization", MHSM_ERR_FORBIDDEN,
     "the SAS token must not have expired and have the rights r, c, w, d and l "
     "for the container; the HSM's managed identity needs the role \"Storage "
     "Blob Data Contributor\" there; the account's firewall must admit trusted "
     "Microsoft services"},
    {"Authentication", MHSM_ERR_FORBIDDEN,
     "the SAS token is not one of this account, or has expired; or the HSM has "
     "no such managed identity"},
    {"ContainerNotFound", MHSM_ERR_NOT_FOUND,
     "make the container first: the HSM does not"},
    {"container does not exist", MHSM_ERR_NOT_FOUND,
     "make the container first: the HSM does not"},
    {"BlobNotFound", MHSM_ERR_NOT_FOUND,
     "the folder, or the key in it, is not there: list the backups of the "
     "container"},
    {"managed identity", MHSM_ERR_FORBIDDEN,
     "give the HSM a user-assigned managed identity first"},
    {"security domain", MHSM_ERR_REJECTED,
     "a backup is restored only into an HSM of the security domain that it was "
     "made under"},
    {"in use", MHSM_ERR_CONFLICT,
     "purge the key of that name first: it must be neither live nor "
     "soft-deleted"},
    {"reached", MHSM_ERR_CONNECT,
     "the HSM does not reach the storage account: its firewall must admit "
     "trusted Microsoft services"},
};

static mhsm_status find(const mhsm_job *job, const char **hint)
{
    const char *texts[] = {mhsm_job_error_code(job),
                           mhsm_job_error_message(job), mhsm_job_details(job)};
    size_t row, i;

    for (row = 0; row < sizeof(meanings) / sizeof(meanings[0]); row++) {
        for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            if (mhsmi_text_find(texts[i], meanings[row].text) == NULL)
                continue;
            *hint = meanings[row].hint;
            return meanings[row].status;
        }
    }
    *hint = NULL;
    return MHSM_ERR_SERVICE;
}

mhsm_status mhsm_job_check(const mhsm_job *job, mhsm_error **err)
{
    const char *message = mhsm_job_error_message(job), *hint = NULL;
    mhsm_status st;

    switch (mhsm_job_get_state(job)) {
    case MHSM_JOB_IN_PROGRESS:
        return mhsmi_error(err, MHSM_ERR_TIMEOUT,
                           "the job %s is still under way in the HSM",
                           mhsm_job_id(job));
    case MHSM_JOB_SUCCEEDED:
        return MHSM_OK;
    case MHSM_JOB_CANCELED:
        return mhsmi_error(err, MHSM_ERR_SERVICE, "the job %s was canceled",
                           mhsm_job_id(job));
    case MHSM_JOB_FAILED:
        break;
    }
    st = find(job, &hint);
    if (message[0] == '\0')
        message = mhsm_job_details(job);
    (void)mhsmi_error(err, st, "the job %s failed: %s", mhsm_job_id(job),
                      message[0] != '\0' ? message
                                         : "the HSM does not tell why");
    mhsmi_error_set_service(err, 0, mhsm_job_error_code(job), "");
    if (hint != NULL)
        mhsmi_error_set_hint(err, "%s", hint);
    return st;
}
