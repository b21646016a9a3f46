/* SPDX-License-Identifier: MIT
 *
 * Hosts that are known by the thumbprint of their certificate.
 */
#ifndef MHSM_CLIENT_HTTP_PIN_H
#define MHSM_CLIENT_HTTP_PIN_H

#include "http/job.h"

/* Give job->easy, whose job has a thumbprint, its own check of the server's
 * certificate; 1, or 0 when this libcurl cannot have one. */
MHSM_NODISCARD int mhsmi_pin_prepare(struct mhsmi_job *job);

#endif
