/* SPDX-License-Identifier: MIT
 *
 * Marks what libmhsm exports; everything else is hidden.
 */
#ifndef MHSM_EXPORT_H
#define MHSM_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
#define MHSM_API       __attribute__((visibility("default")))
#define MHSM_NODISCARD __attribute__((warn_unused_result))
#else
#define MHSM_API
#define MHSM_NODISCARD
#endif

#endif
