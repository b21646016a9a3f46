/* SPDX-License-Identifier: MIT
 *
 * The same key in another HSM, restored from a backup.
 */
#ifndef MHSM_CLIENT_KEYS_TWIN_H
#define MHSM_CLIENT_KEYS_TWIN_H

#include <stdint.h>

#include "mhsm/client.h"
#include "mhsm/key.h"

/* Whether the HSM at `endpoint` holds the key: the same name, version, type and
 * public part (symmetric keys have none), asked by the deadline.  MHSM_ERR_PROTOCOL when it holds
 * another one there. */
MHSM_NODISCARD mhsm_status mhsmi_twin_check(mhsm_client *client,
                                            const mhsm_key *key,
                                            const char *endpoint,
                                            int64_t deadline_ms,
                                            mhsm_error **err);

#endif
