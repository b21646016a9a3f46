/* SPDX-License-Identifier: MIT
 *
 * Octets that a call gave: a signature, a plaintext, a backup.  They may be
 * secret and are wiped when freed.
 */
#ifndef MHSM_RESULT_H
#define MHSM_RESULT_H

#include <stddef.h>

#include <mhsm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_result mhsm_result;

/* NULL is accepted. */
MHSM_API void mhsm_result_free(mhsm_result *result);
/* Borrowed from the result; never NULL when the size is not 0. */
MHSM_API const unsigned char *mhsm_result_data(const mhsm_result *result,
                                               size_t *size);
/* AES only, as the service returned them; NULL and 0 when it did not. */
MHSM_API const unsigned char *mhsm_result_iv(const mhsm_result *result,
                                             size_t *size);
MHSM_API const unsigned char *mhsm_result_tag(const mhsm_result *result,
                                              size_t *size);

#ifdef __cplusplus
}
#endif
#endif
