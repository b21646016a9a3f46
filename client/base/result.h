/* SPDX-License-Identifier: MIT
 *
 * The outcome of an operation, inside the library.
 */
#ifndef MHSM_CLIENT_BASE_RESULT_H
#define MHSM_CLIENT_BASE_RESULT_H

#include "base/buf.h"
#include "mhsm/result.h"

/* Each part is wiped when freed. */
struct mhsm_result {
    struct mhsmi_buf data, iv, tag;
};

/* NULL when out of memory; `max` bounds the data. */
mhsm_result *mhsmi_result_new(size_t max);

#endif
