/* SPDX-License-Identifier: MIT
 *
 * Fuzzing of what people hand over as keys: whatever the octets are, neither
 * reading them as private material nor as a key-exchange key crashes, leaks, or
 * leaves an error behind.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include <mhsm/mhsm.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const mhsm_material *get_material(void)
{
    static const unsigned char octets[32] = {1};
    static mhsm_material *material;

    if (material == NULL && mhsm_material_symmetric(octets, sizeof(octets),
                                                    &material, NULL) != MHSM_OK)
        abort();
    return material;
}

/* Success has a result and failure an error that says something. */
static void judge(mhsm_status st, int has_result, mhsm_error **err)
{
    if ((st == MHSM_OK) != has_result || (st == MHSM_OK) != (*err == NULL) ||
        (st != MHSM_OK && mhsm_error_message(*err)[0] == '\0') ||
        ERR_peek_error() != 0)
        abort();
    mhsm_error_free(err);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    mhsm_material *material = NULL;
    mhsm_result *package = NULL;
    mhsm_error *err = NULL;
    mhsm_status st;

    st = mhsm_material_decode(data, size, "password", &material, &err);
    judge(st, material != NULL, &err);
    mhsm_material_free(material);
    st = mhsm_byok_package(get_material(), data, size, NULL, &package, &err);
    judge(st, package != NULL, &err);
    mhsm_result_free(package);
    return 0;
}
