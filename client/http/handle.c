/* SPDX-License-Identifier: MIT
 *
 * Handles between jobs.  One of which anything is in doubt starts anew, and no
 * pointer to a job outlives it here.
 */
#include "http/handle.h"

#include <string.h>

#include "base/libcurl.h"
#include "http/transport.h"

struct mhsmi_handle *mhsmi_handle_new(void)
{
    struct mhsmi_handle *handle = mhsmi_alloc(sizeof(*handle));

    if (handle == NULL)
        return NULL;
    handle->easy = mhsmi_libcurl()->easy_init();
    if (handle->easy != NULL)
        return handle;
    mhsmi_free(handle);
    return NULL;
}

void mhsmi_handle_free(struct mhsmi_handle *handle)
{
    if (handle == NULL)
        return;
    mhsmi_libcurl()->easy_cleanup(handle->easy);
    mhsmi_free(handle->texts);
    mhsmi_free(handle);
}

static void reset(struct mhsmi_handle *handle)
{
    mhsmi_libcurl()->easy_reset(handle->easy);
    mhsmi_free(handle->texts);
    handle->texts = NULL;
}

static int is_for(const struct mhsmi_handle *handle,
                  const struct mhsmi_job *job)
{
    return handle->texts != NULL && handle->is_https == job->is_https &&
           mhsmi_transport_equal(&handle->transport, &job->transport);
}

int mhsmi_handle_lend(struct mhsmi_handle *handle, struct mhsmi_job *job,
                      struct mhsmi_sockets *sockets)
{
    job->handle = handle;
    job->easy = handle->easy;
    if (is_for(handle, job))
        return mhsmi_job_prepare_own(job);
    if (handle->texts != NULL)
        reset(handle);
    if (!mhsmi_job_prepare(job, mhsmi_sockets_open, mhsmi_sockets_close,
                           sockets))
        return 0;
    /* The check by a thumbprint is tied to its job. */
    handle->is_https = job->is_https;
    return job->transport.thumbprint != NULL ||
           mhsmi_transport_copy(&handle->transport, &handle->texts,
                                &job->transport);
}

struct mhsmi_handle *mhsmi_handle_return(struct mhsmi_job *job)
{
    struct mhsmi_handle *handle = job->handle;

    if (job->code != CURLE_OK || handle->texts == NULL ||
        !mhsmi_job_let_go(job))
        reset(handle);
    job->handle = NULL;
    job->easy = NULL;
    return handle;
}
