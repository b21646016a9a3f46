/* SPDX-License-Identifier: MIT
 *
 * 401 challenges: the forms seen in the wild, and what must not be believed.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/challenge.h"
#include "check.h"

static const struct {
    const char *header;
    int ok;
    const char *tenant, *resource, *claims, *error;
} headers[] = {
    {"Bearer authorization=\"https://login.microsoftonline.com/t-1\", "
     "resource=\"https://managedhsm.azure.net\"",
     1, "t-1", "https://managedhsm.azure.net", NULL, NULL},
    {"bearer authorization=https://login.windows.net/t-1,"
     "resource=https://vault.azure.net/",
     1, "t-1", "https://vault.azure.net", NULL, NULL},
    {"Bearer authorization_uri=\"https://l/t-1/oauth2\" "
     "scope=\"https://managedhsm.azure.net/.default\"",
     1, "t-1", "https://managedhsm.azure.net", NULL, NULL},
    {"PoP realm=\"x\", Bearer authorization=\"https://l/t-1\", "
     "resource=\"https://r.example\"",
     1, "t-1", "https://r.example", NULL, NULL},
    {"Bearer authorization=\"https://l/t-1\", resource=\"https://r.example\", "
     "PoP authorization=\"https://l/t-2\", resource=\"https://s.example\"",
     1, "t-1", "https://r.example", NULL, NULL},
    {"PoP authorization=\"https://l/t-2\", Bearer resource=\"https://r.x\"", 1,
     NULL, "https://r.x", NULL, NULL},
    {"Bearer tenantId=t-9, resource=\"https://r.example\", extra=\"a,b \\\"c\"",
     1, "t-9", "https://r.example", NULL, NULL},
    {"Bearer error=\"insufficient_claims\", "
     "claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"",
     1, NULL, NULL, "{\"access_token\":{}}", "insufficient_claims"},
    {"Bearer", 1, NULL, NULL, NULL, NULL},
    {"Basic realm=\"x\"", 0, NULL, NULL, NULL, NULL},
    {"", 0, NULL, NULL, NULL, NULL},
    {"Bearer authorization=\"https://l/t-1", 0, NULL, NULL, NULL, NULL},
    {"Bearer authorization=\"https://l/\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer authorization=\"https://l/a%2fb\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer authorization=\"https://l/a b\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer authorization=\"https://u@l/t-1\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer resource=\"http://managedhsm.azure.net\"", 0, NULL, NULL, NULL,
     NULL},
    {"Bearer resource=\"https://u@managedhsm.azure.net\"", 0, NULL, NULL, NULL,
     NULL},
    {"Bearer resource=\"https://managedhsm.azure.net/x\"", 0, NULL, NULL, NULL,
     NULL},
    {"Bearer resource=\"\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer claims=\"!!\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer claims=\"W10=\"", 0, NULL, NULL, NULL, NULL},
    {"Bearer ;;;", 0, NULL, NULL, NULL, NULL},
    {"Bearer =x", 0, NULL, NULL, NULL, NULL},
};

static int same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void parsing(void)
{
    struct mhsmi_challenge challenge;
    size_t i;
    int ok;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        ok = mhsmi_challenge_parse(&challenge, headers[i].header);
        if (ok != headers[i].ok)
            printf("\n  %s\n", headers[i].header);
        CHECK(ok == headers[i].ok);
        if (ok) {
            CHECK(same(challenge.tenant, headers[i].tenant));
            CHECK(same(challenge.resource, headers[i].resource));
            CHECK(same(challenge.claims, headers[i].claims));
            CHECK(same(challenge.error, headers[i].error));
        }
        mhsmi_challenge_clear(&challenge);
    }
    CHECK(!mhsmi_challenge_parse(&challenge, NULL));
    mhsmi_challenge_clear(&challenge);
}

/* Whatever is cut or flipped, nothing crashes and nothing odd comes out. */
static void damage(void)
{
    char text[512];
    size_t i, j, size;
    int k;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        size = strlen(headers[i].header);
        for (j = 0; j <= size; j++) {
            for (k = 0; k < 3; k++) {
                struct mhsmi_challenge challenge;
                char *exact;

                memcpy(text, headers[i].header, size + 1);
                if (k == 0)
                    text[j] = '\0';
                else if (j < size)
                    text[j] = k == 1 ? '"' : '=';
                exact = strdup(text);
                CHECK_FATAL(exact != NULL);
                if (mhsmi_challenge_parse(&challenge, exact) &&
                    challenge.tenant != NULL)
                    CHECK(strpbrk(challenge.tenant, "/%\" ?#@:") == NULL);
                mhsmi_challenge_clear(&challenge);
                free(exact);
            }
        }
    }
}

static void huge(void)
{
    struct mhsmi_challenge challenge;
    char *text = malloc(100001);

    CHECK_FATAL(text != NULL);
    memset(text, 'a', 100000);
    memcpy(text, "Bearer ", 7);
    text[100000] = '\0';
    CHECK(!mhsmi_challenge_parse(&challenge, text));
    mhsmi_challenge_clear(&challenge);
    free(text);
}

static void covering(void)
{
    static const struct {
        const char *resource, *endpoint;
        int ok;
    } pairs[] = {
        {"https://managedhsm.azure.net", "https://a.managedhsm.azure.net", 1},
        {"https://managedhsm.azure.net", "https://x.a.managedhsm.azure.net", 1},
        {"https://managedhsm.azure.net", "https://A.ManagedHSM.azure.net", 1},
        {"https://managedhsm.azure.net", "https://evilmanagedhsm.azure.net", 0},
        {"https://managedhsm.azure.net", "https://managedhsm.azure.net", 0},
        {"https://managedhsm.azure.net", "https://a.vault.azure.net", 0},
        {"https://managedhsm.azure.net", "http://a.managedhsm.azure.net", 0},
        {"http://managedhsm.azure.net", "https://a.managedhsm.azure.net", 0},
        {"https://managedhsm.azure.net", "https://localhost:1", 0},
        {"https://net", "https://a.managedhsm.azure.net.evil", 0},
        {"", "https://a.managedhsm.azure.net", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        CHECK(mhsmi_challenge_covers(pairs[i].resource, pairs[i].endpoint) ==
              pairs[i].ok);
}

int main(void)
{
    static const struct check checks[] = {
        {"parsing", parsing},   {"damage", damage}, {"huge", huge},
        {"covering", covering}, {NULL, NULL},
    };

    return check_main("challenge", checks);
}
