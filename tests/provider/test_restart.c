/* SPDX-License-Identifier: MIT
 *
 * The service goes away in the middle of the work, with no farewell, and comes
 * back: while it is gone failures are quick and clear, afterwards the same
 * process goes on with the same keys.  What had been answered is still there.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

static struct th_context last;
static EVP_PKEY *rsa, *ec;
static char version[33];

static int sign(EVP_PKEY *key)
{
    struct th_scheme scheme = th_scheme_of(key);

    return th_sign_and_verify(last.lib, key, &scheme, "text");
}

static void before(void)
{
    th_rsa_create("rs-rsa", 2048, NULL);
    th_ec_create("rs-ec", "P-256", version);
    th_context_open(&last, TH_LAST);
    rsa = th_must_open(last.lib, "mhsm:rs-rsa");
    ec = th_must_open(last.lib, "mhsm:rs-ec");
    CU_ASSERT(sign(rsa));
    CU_ASSERT(sign(ec));
    TH_QUIET();
}

static void while_it_is_gone(void)
{
    struct th_scheme scheme = th_scheme_of(ec);
    size_t size;
    long begun;

    th_emulator_kill();
    begun = th_now_ms();
    CU_ASSERT_PTR_NULL(th_sign(last.lib, ec, &scheme, "text", &size));
    TH_ONE_ERROR("connect");
    TH_TRUE(th_now_ms() - begun < 12000, "%ld ms", th_now_ms() - begun);
    CU_ASSERT_PTR_NULL(th_open(last.lib, "mhsm:rs-ec"));
    TH_ONE_ERROR("connect");
}

static void after_its_return(void)
{
    EVP_PKEY *again;
    char uri[128];

    th_emulator_start();
    CU_ASSERT(sign(rsa));
    CU_ASSERT(sign(ec));
    TH_QUIET();
    snprintf(uri, sizeof(uri), "mhsm:rs-ec/%s", version);
    again = th_open(last.lib, uri);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(again, ec), 1);
    CU_ASSERT(sign(again));
    EVP_PKEY_free(again);
    TH_QUIET();
}

/* A connection that died without a word is found dead, and replaced at no
 * cost to the caller. */
static void a_swift_restart(void)
{
    int round;

    for (round = 0; round < 3; round++) {
        CU_ASSERT(sign(ec));
        th_emulator_kill();
        th_emulator_start();
        TH_TRUE(sign(ec), "round %d", round);
        TH_QUIET();
    }
}

/* Each key is used only after the answer to its creation: it must be there. */
static void what_was_answered_is_kept(void)
{
    char name[32], uri[128], made[33];
    EVP_PKEY *key;
    int round;

    for (round = 0; round < 3; round++) {
        snprintf(name, sizeof(name), "rs-new-%d", round);
        th_ec_create(name, "P-384", made);
        th_emulator_kill();
        th_emulator_start();
        snprintf(uri, sizeof(uri), "mhsm:%s/%s", name, made);
        key = th_open(last.lib, uri);
        TH_TRUE(key != NULL && sign(key), "round %d", round);
        EVP_PKEY_free(key);
        TH_QUIET();
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"before", before},
        {"while it is gone", while_it_is_gone},
        {"after its return", after_its_return},
        {"a swift restart", a_swift_restart},
        {"what was answered is kept", what_was_answered_is_kept},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: restart", tests);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
