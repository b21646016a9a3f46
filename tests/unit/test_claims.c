/* SPDX-License-Identifier: MIT
 *
 * The claims of a token: read from the right part, and never more than shown.
 */
#include "auth/claims.h"

#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "check.h"

/* A token around `payload`, or NULL; the caller frees. */
static char *token_of(const char *payload)
{
    struct mhsmi_buf text;
    char *token = NULL;

    mhsmi_buf_init(&text, 65536);
    if (mhsmi_base64url_encode(&text, payload, strlen(payload)))
        token = mhsmi_asprintf("e30.%s.c2ln", mhsmi_buf_text(&text));
    mhsmi_buf_clear(&text);
    return token;
}

static int read_payload(struct mhsmi_claims *claims, const char *payload)
{
    char *token = token_of(payload);
    int ok;

    CHECK_FATAL(token != NULL);
    ok = mhsmi_claims_read(claims, token);
    mhsmi_free(token);
    return ok;
}

static void test_all(void)
{
    struct mhsmi_claims claims;

    CHECK_FATAL(read_payload(
        &claims, "{\"oid\":\"o-1\",\"appid\":\"a-1\",\"azp\":\"other\","
                 "\"tid\":\"t-1\",\"aud\":\"https://managedhsm.azure.net\","
                 "\"iss\":\"https://sts.example/t-1/\",\"iat\":1000,"
                 "\"nbf\":\"1001\",\"exp\":5000}"));
    CHECK_TEXT(claims.object_id, "o-1");
    CHECK_TEXT(claims.application, "a-1");
    CHECK_TEXT(claims.tenant, "t-1");
    CHECK_TEXT(claims.audience, "https://managedhsm.azure.net");
    CHECK_TEXT(claims.issuer, "https://sts.example/t-1/");
    CHECK(claims.issued == 1000);
    CHECK(claims.not_before == 1001);
    CHECK(claims.expires == 5000);
    mhsmi_claims_clear(&claims);
    CHECK(claims.object_id == NULL && claims.expires == 0);
    CHECK_FATAL(read_payload(&claims, "{\"azp\":\"a-2\"}"));
    CHECK_TEXT(claims.application, "a-2");
    mhsmi_claims_clear(&claims);
}

static void test_absent(void)
{
    struct mhsmi_claims claims;

    CHECK_FATAL(read_payload(&claims, "{\"oid\":7,\"aud\":[\"x\"]}"));
    CHECK(claims.object_id == NULL && claims.audience == NULL);
    CHECK(claims.expires == 0);
    mhsmi_claims_clear(&claims);
}

static void test_hostile(void)
{
    struct mhsmi_claims claims;
    char payload[1024];

    CHECK_FATAL(read_payload(&claims, "{\"oid\":\"a\\u001b[31mb\\nc\"}"));
    CHECK_TEXT(claims.object_id, "a [31mb c");
    mhsmi_claims_clear(&claims);
    snprintf(payload, sizeof(payload), "{\"oid\":\"%0900d\"}", 1);
    CHECK_FATAL(read_payload(&claims, payload));
    CHECK(strlen(claims.object_id) == 200);
    mhsmi_claims_clear(&claims);
}

static void test_no_token(void)
{
    static const char *const bad[] = {"",       "x",        "a.b",
                                      "a.!!.c", "a.YWJj.c", "a.W10.c",
                                      "..",     "a.e30",    "a.bnVsbA.c"};
    struct mhsmi_claims claims;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(mhsmi_claims_read(&claims, bad[i]) == 0);
        mhsmi_claims_clear(&claims);
    }
}

int main(void)
{
    static const struct check checks[] = {{"all", test_all},
                                          {"absent", test_absent},
                                          {"hostile", test_hostile},
                                          {"no token", test_no_token},
                                          {NULL, NULL}};

    return check_main("claims", checks);
}
