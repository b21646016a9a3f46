/* SPDX-License-Identifier: MIT
 *
 * Results: octets that may be a plaintext or a key, wiped with their object.
 */
#include "base/result.h"

enum { part_max = 64 };

mhsm_result *mhsmi_result_new(size_t max)
{
    mhsm_result *result = mhsmi_alloc(sizeof(*result));

    if (result == NULL)
        return NULL;
    mhsmi_buf_init(&result->data, max);
    mhsmi_buf_init(&result->iv, part_max);
    mhsmi_buf_init(&result->tag, part_max);
    return result;
}

void mhsm_result_free(mhsm_result *result)
{
    if (result == NULL)
        return;
    mhsmi_buf_clear(&result->data);
    mhsmi_buf_clear(&result->iv);
    mhsmi_buf_clear(&result->tag);
    mhsmi_free(result);
}

const unsigned char *mhsm_result_data(const mhsm_result *result, size_t *size)
{
    return mhsmi_buf_octets(&result->data, size);
}

const unsigned char *mhsm_result_iv(const mhsm_result *result, size_t *size)
{
    return mhsmi_buf_octets(&result->iv, size);
}

const unsigned char *mhsm_result_tag(const mhsm_result *result, size_t *size)
{
    return mhsmi_buf_octets(&result->tag, size);
}
