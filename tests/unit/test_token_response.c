/* SPDX-License-Identifier: MIT
 *
 * Answers of token endpoints: lives, refusals, and nothing of a token in any
 * message.
 */
#include <string.h>

#include "auth/token_response.h"
#include "base/base64url.h"
#include "check.h"

#define NOW 1700000000

static mhsm_status parse(const char *text, struct mhsmi_token *token,
                         mhsm_error **err)
{
    struct mhsmi_buf body;
    mhsm_status st;

    mhsmi_buf_init(&body, 100000);
    CHECK_FATAL(mhsmi_buf_puts(&body, text));
    mhsmi_token_init(token);
    st = mhsmi_token_response_parse(&body, NOW, token, err);
    mhsmi_buf_clear(&body);
    return st;
}

static const struct {
    const char *body;
    mhsm_status status;
    int64_t expires, refresh;
} answers[] = {
    {"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"tok\"}",
     MHSM_OK, NOW + 3599, 0},
    {"{\"token_type\":\"Bearer\",\"expires_in\":\"3599\",\"refresh_in\":"
     "\"1800\","
     "\"access_token\":\"tok\"}",
     MHSM_OK, NOW + 3599, NOW + 1800},
    {"{\"expires_in\":86400,\"access_token\":\"tok\"}", MHSM_OK, NOW + 86400,
     NOW + 43200},
    {"{\"expires_on\":\"1700003600\",\"access_token\":\"tok\"}", MHSM_OK,
     NOW + 3600, 0},
    {"{\"expires_on\":1700003600,\"access_token\":\"tok\"}", MHSM_OK,
     NOW + 3600, 0},
    {"{\"expires_on\":\"2023-11-14T23:13:20Z\",\"access_token\":\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    {"{\"expires_on\":\"2023-11-15T00:13:20.5+01:00\",\"access_token\":"
     "\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    {"{\"expires_on\":\"Tue, 14 Nov 2023 23:13:20 GMT\","
     "\"access_token\":\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    /* The interface of 2017, by the culture of its host. */
    {"{\"expires_on\":\"11/14/2023 11:13:20 PM +00:00\",\"access_token\":"
     "\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    {"{\"expires_on\":\"11/15/2023 12:13:20 AM +01:00\",\"access_token\":"
     "\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    {"{\"expires_on\":\"11/14/2023 23:13:20 +00:00\",\"access_token\":"
     "\"tok\"}",
     MHSM_OK, NOW + 3600, 0},
    {"{\"expires_on\":\"1/2/2024 12:5:0 PM +00:00\",\"access_token\":"
     "\"tok\"}",
     MHSM_OK, 1704197100, 1704197100 - (1704197100 - NOW) / 2},
    {"{\"access_token\":\"tok\"}", MHSM_OK, 0, 0},
    {"{\"access_token\":\"a.eyJleHAiOjE3MDAwMDM2MDB9.c\"}", MHSM_OK, NOW + 3600,
     0},
    {"{\"expires_in\":9223372036854775807,\"access_token\":\"tok\"}", MHSM_OK,
     NOW + 31536000, NOW + 15768000},
    {"{\"expires_in\":0,\"access_token\":\"tok\"}", MHSM_ERR_CREDENTIAL, 0, 0},
    {"{\"expires_on\":1600000000,\"access_token\":\"tok\"}",
     MHSM_ERR_CREDENTIAL, 0, 0},
    {"{\"token_type\":\"pop\",\"access_token\":\"tok\"}", MHSM_ERR_PROTOCOL, 0,
     0},
    {"{\"access_token\":\"\"}", MHSM_ERR_PROTOCOL, 0, 0},
    {"{\"access_token\":\"tok\\r\\nX: y\"}", MHSM_ERR_PROTOCOL, 0, 0},
    {"{\"access_token\":7}", MHSM_ERR_PROTOCOL, 0, 0},
    {"{}", MHSM_ERR_PROTOCOL, 0, 0},
    {"[]", MHSM_ERR_PROTOCOL, 0, 0},
    {"access_token=tok", MHSM_ERR_PROTOCOL, 0, 0},
    {"", MHSM_ERR_PROTOCOL, 0, 0},
};

static void parsing(void)
{
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mhsmi_token token;
        mhsm_error *err = NULL;
        mhsm_status st = parse(answers[i].body, &token, &err);

        if (st != answers[i].status)
            printf("\n  %s: %s\n", answers[i].body, mhsm_error_text(err));
        CHECK(st == answers[i].status);
        if (st == MHSM_OK) {
            CHECK(token.text.size != 0);
            CHECK(token.expires == answers[i].expires);
            CHECK(token.refresh == answers[i].refresh);
        } else {
            CHECK(token.text.size == 0);
            CHECK(strstr(mhsm_error_text(err), "tok\r") == NULL);
            CHECK(strstr(mhsm_error_text(err), "=tok") == NULL);
        }
        mhsm_error_free(&err);
        mhsmi_token_clear(&token);
    }
}

static const struct {
    int http;
    const char *body;
    mhsm_status status;
    const char *message, *hint;
} refusals[] = {
    {401,
     "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: "
     "Invalid client secret.\\r\\nTrace ID: 1\",\"error_codes\":[7000215],"
     "\"correlation_id\":\"c-1\"}",
     MHSM_ERR_CREDENTIAL,
     "who: AADSTS7000215: Invalid client secret. (correlation id c-1)",
     "the client secret is wrong"},
    {400,
     "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: "
     "no app\"}",
     MHSM_ERR_CREDENTIAL, "who: AADSTS700016: no app", "client-id"},
    {400,
     "{\"error\":\"invalid_request\",\"error_description\":\"Identity not "
     "found\"}",
     MHSM_ERR_CREDENTIAL, "who: Identity not found", ""},
    {500,
     "{\"error\":{\"code\":\"x\",\"message\":\"m\",\"correlationId\":\"c\"}}",
     MHSM_ERR_SERVICE, "who: m (correlation id c)", ""},
    {429, "{\"message\":\"slow\",\"correlationId\":\"c\"}", MHSM_ERR_THROTTLED,
     "who: slow (correlation id c)", ""},
    {400, "{\"error\":\"invalid_scope\"}", MHSM_ERR_CREDENTIAL,
     "who: refused: invalid_scope", ""},
    {502, "<html>secret</html>", MHSM_ERR_SERVICE,
     "who: answered HTTP 502 with 19 octets that explain nothing", ""},
    {302, "", MHSM_ERR_PROTOCOL,
     "who: answered HTTP 302 with 0 octets that explain nothing", "redirect"},
    {204, "", MHSM_ERR_PROTOCOL, "who: answered HTTP 204", ""},
};

static void refusing(void)
{
    size_t i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct mhsmi_response response;
        mhsm_error *err = NULL;

        mhsmi_response_init(&response);
        mhsmi_buf_init(&response.body, 10000);
        CHECK_FATAL(mhsmi_buf_puts(&response.body, refusals[i].body));
        response.status = refusals[i].http;
        CHECK(mhsmi_token_response_error(&response, "who", &err) ==
              refusals[i].status);
        CHECK_FATAL(err != NULL);
        CHECK(mhsm_error_status(err) == refusals[i].status);
        CHECK(mhsm_error_http_status(err) == refusals[i].http);
        if (strstr(mhsm_error_message(err), refusals[i].message) == NULL)
            printf("\n  %s\n", mhsm_error_message(err));
        CHECK(strstr(mhsm_error_message(err), refusals[i].message) ==
              mhsm_error_message(err));
        CHECK(strstr(mhsm_error_hint(err), refusals[i].hint) != NULL);
        CHECK(strstr(mhsm_error_text(err), "<html>") == NULL);
        mhsm_error_free(&err);
        mhsmi_response_clear(&response);
    }
}

static void expiry(void)
{
    CHECK(mhsmi_token_expiry("") == 0);
    CHECK(mhsmi_token_expiry("opaque") == 0);
    CHECK(mhsmi_token_expiry("a.b") == 0);
    CHECK(mhsmi_token_expiry("a.!!.c") == 0);
    CHECK(mhsmi_token_expiry("a.e30.c") == 0);
    CHECK(mhsmi_token_expiry("a.eyJleHAiOi01fQ.c") == 0);
    CHECK(mhsmi_token_expiry("a.eyJleHAiOjE3MDAwMDM2MDB9.c") == 1700003600);
    CHECK(!mhsmi_token_check(""));
    CHECK(!mhsmi_token_check("a b"));
    CHECK(!mhsmi_token_check("a\xc3\xa9"));
    CHECK(mhsmi_token_check("a.b-c_d"));
}

int main(void)
{
    static const struct check checks[] = {
        {"parsing", parsing},
        {"refusing", refusing},
        {"expiry", expiry},
        {NULL, NULL},
    };

    return check_main("token_response", checks);
}
