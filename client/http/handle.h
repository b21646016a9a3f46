/* SPDX-License-Identifier: MIT
 *
 * libcurl's handles.  One that has served a job stays prepared for the next of
 * the same transport, of which it has only to be told what is its own.
 */
#ifndef MHSM_CLIENT_HTTP_HANDLE_H
#define MHSM_CLIENT_HTTP_HANDLE_H

#include "http/job.h"
#include "http/sockets.h"

struct mhsmi_handle {
    struct mhsmi_handle *next; /* for its owner */
    CURL *easy;
    struct mhsmi_transport transport; /* that it is prepared for */
    char *texts;                      /* of that; NULL: it is for none */
    int is_https;
};

/* NULL: no memory. */
struct mhsmi_handle *mhsmi_handle_new(void);
void mhsmi_handle_free(struct mhsmi_handle *handle);

/* Lend the handle to a job and prepare it; 0: libcurl refuses.  The job gives
 * it back in any case, once it has ended.  `sockets` is always the same. */
MHSM_NODISCARD int mhsmi_handle_lend(struct mhsmi_handle *handle,
                                     struct mhsmi_job *job,
                                     struct mhsmi_sockets *sockets);
struct mhsmi_handle *mhsmi_handle_return(struct mhsmi_job *job);

#endif
