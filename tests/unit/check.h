/* SPDX-License-Identifier: MIT
 *
 * Running one CUnit suite as a program: silent tests must not pass, so the
 * exit status is 0 only when every assertion of at least one test held.
 */
#ifndef MHSM_TESTS_UNIT_CHECK_H
#define MHSM_TESTS_UNIT_CHECK_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

struct check {
    const char *name;
    void (*run)(void);
};

/* `checks` ends with a row of NULLs. */
static inline int check_main(const char *suite, const struct check *checks)
{
    CU_pSuite handle;
    int bad = 1;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    handle = CU_add_suite(suite, NULL, NULL);
    if (handle == NULL)
        goto out;
    for (; checks->name != NULL; checks++) {
        if (CU_add_test(handle, checks->name, checks->run) == NULL)
            goto out;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    bad = CU_basic_run_tests() != CUE_SUCCESS ||
          CU_get_number_of_failures() != 0 || CU_get_number_of_asserts() == 0;
out:
    CU_cleanup_registry();
    return bad;
}

/* CUnit's macros are blocks; these are statements. */
#define CHECK(condition)                                                       \
    do                                                                         \
        CU_ASSERT(condition)                                                   \
    while (0)
#define CHECK_FATAL(condition)                                                 \
    do                                                                         \
        CU_ASSERT_FATAL(condition)                                             \
    while (0)
#define CHECK_TEXT(actual, expected)                                           \
    do                                                                         \
        CU_ASSERT_STRING_EQUAL(actual, expected)                               \
    while (0)

#endif
