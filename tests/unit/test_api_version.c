/* SPDX-License-Identifier: MIT
 *
 * Versions of the service's interface: their order, and the refusal that names
 * the option.
 */
#include "keys/api_version.h"

#include <string.h>

#include "check.h"
#include "mhsm/config.h"

static void order(void)
{
    static const struct {
        const char *version;
        int reaches;
    } rows[] = {
        {"7.0", 0},
        {"7.6-preview.2", 0},
        {"7.6", 0},
        {"2025-07-01", 0},
        {"2026-03-01-preview", 0},
        {"2026-04-01", 0},
        {"2026-04-30-preview", 0},
        {"2026-05-01-preview", 1},
        {"2026-05-01", 1},
        {"2026-07-01-preview", 1},
        {"2030-01-01", 1},
        {"9.9", 0},
        {"2026-05", 0},
        {"20260501", 0},
        {"", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(mhsmi_api_version_reaches(
                  rows[i].version, MHSMI_API_VERSION_AKP) == rows[i].reaches);
}

static mhsm_status require(const char *version, mhsm_error **err)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_status st;

    CHECK_FATAL(config != NULL);
    if (version != NULL)
        CHECK(mhsm_config_set(config, "api-version", version,
                              MHSM_ORIGIN_COMMAND_LINE, NULL) == MHSM_OK);
    CHECK_FATAL(mhsm_client_new(config, &client, NULL) == MHSM_OK);
    st = mhsmi_api_version_require(client, MHSMI_API_VERSION_AKP, "odd keys",
                                   err);
    mhsm_client_free(client);
    mhsm_config_free(config);
    return st;
}

static void refusal(void)
{
    mhsm_error *err = NULL;

    CHECK(require("2026-05-01-preview", &err) == MHSM_OK && err == NULL);
    CHECK(require(NULL, &err) == MHSM_ERR_UNSUPPORTED);
    CHECK_FATAL(err != NULL);
    CHECK(strstr(mhsm_error_text(err), "odd keys need") != NULL);
    CHECK(strstr(mhsm_error_text(err), "api-version") != NULL);
    CHECK(strstr(mhsm_error_text(err), "2026-05-01-preview") != NULL);
    CHECK(strstr(mhsm_error_text(err), "it is 7.6") != NULL);
    mhsm_error_free(&err);
    CHECK(require("2026-04-01", NULL) == MHSM_ERR_UNSUPPORTED);
}

int main(void)
{
    static const struct check checks[] = {
        {"order", order},
        {"refusal", refusal},
        {NULL, NULL},
    };

    return check_main("api_version", checks);
}
