/* SPDX-License-Identifier: MIT
 *
 * Options: the table's consistency, parsing, precedence, the environment, and
 * secrets by reference.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "check.h"

static mhsm_status set(mhsm_config *config, const char *name, const char *value)
{
    return mhsm_config_set(config, name, value, MHSM_ORIGIN_FILE, NULL);
}

/* Every row is complete, and its default passes its own check. */
static void table(void)
{
    const mhsm_option *option;
    size_t i, j;

    for (i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        CHECK_FATAL(option->name != NULL && option->variable != NULL);
        CHECK(option->help != NULL && option->argument != NULL);
        CHECK(strncmp(option->variable, "MHSM_", 5) == 0);
        for (j = 0; option->name[j] != '\0'; j++) {
            int c = (unsigned char)option->name[j];

            CHECK((c == '-' ? '_' : toupper(c)) == option->variable[5 + j]);
        }
        CHECK(option->variable[5 + j] == '\0');
        CHECK(mhsm_option_find(option->name) == option);
        if (option->default_value != NULL)
            CHECK(mhsmi_option_check(option, option->default_value) == NULL);
        if (option->type == MHSM_OPTION_CHOICE)
            CHECK(option->choices != NULL);
    }
    CHECK(i == mhsmi_option_count() && i > 20);
    CHECK(mhsm_option_find("no-such") == NULL);
    CHECK(mhsm_option_find(NULL) == NULL);
}

static const struct {
    const char *name, *value;
    int ok;
    long number;
} values[] = {
    {"timeout", "10s", 1, 10000},
    {"timeout", "1500ms", 1, 1500},
    {"timeout", "2m", 1, 120000},
    {"timeout", "7", 1, 7000},
    {"timeout", "0", 0, 0},
    {"timeout", "", 0, 0},
    {"timeout", "s", 0, 0},
    {"timeout", "-1s", 0, 0},
    {"timeout", "1.5s", 0, 0},
    {"timeout", "10 s", 0, 0},
    {"timeout", "2h", 0, 0},
    {"timeout", "61m", 0, 0},
    {"timeout", "99999999999999999999", 0, 0},
    {"timeout", "9223372036854775807m", 0, 0},
    {"retries", "0", 1, 0},
    {"retries", "10", 1, 10},
    {"retries", "11", 0, 0},
    {"retries", "+3", 0, 0},
    {"retries", "0x3", 0, 0},
    {"retries", "3 ", 0, 0},
    {"verify-challenge-resource", "yes", 1, 1},
    {"verify-challenge-resource", "OFF", 1, 0},
    {"verify-challenge-resource", "true", 1, 1},
    {"verify-challenge-resource", "0", 1, 0},
    {"verify-challenge-resource", "maybe", 0, 0},
    {"verify-challenge-resource", "", 0, 0},
    {"credential", "token", 1, 0},
    {"credential", "automatic", 1, 0},
    {"credential", "default", 0, 0},
    {"credential", "tok", 0, 0},
    {"credential", "", 0, 0},
    {"credential", "automatic|token", 0, 0},
    {"client-certificate", "/etc/client.pem", 1, 0},
    {"client-certificate-password", "a password", 0, 0},
    {"assertion-algorithm", "RS256", 1, 0},
    {"assertion-algorithm", "ES256", 0, 0},
    {"token-proxy", "https://10.0.0.1:8443/path", 1, 0},
    {"token-proxy", "http://10.0.0.1", 0, 0},
    {"token-proxy", "https://a@10.0.0.1", 0, 0},
    {"token-proxy", "https://10.0.0.1/?x=1", 0, 0},
    {"token-proxy", "https://10.0.0.1/#x", 0, 0},
    {"token-proxy-sni", "a.example:443", 0, 0},
    {"token-proxy-ca-data", "-----BEGIN CERTIFICATE-----\nAA==", 1, 0},
    {"token-proxy-ca-data", "/etc/ca.pem", 0, 0},
    {"client-secret", "file:/etc/secret", 1, 0},
    {"client-secret", "env:NAME", 1, 0},
    {"client-secret", "hunter2", 0, 0},
    {"client-secret", "file:", 0, 0},
    {"client-secret", "env:A=B", 0, 0},
    {"endpoint", "contoso", 1, 0},
    {"endpoint", "contoso.managedhsm.azure.net", 1, 0},
    {"endpoint", "https://localhost:8443", 1, 0},
    {"endpoint", "https://localhost:8443/", 1, 0},
    {"endpoint", "http://localhost:8443", 0, 0},
    {"endpoint", "https://host/path", 0, 0},
    {"endpoint", "https://user@host", 0, 0},
    {"endpoint", "https://host?x=1", 0, 0},
    {"endpoint", "con toso", 0, 0},
    {"endpoint", "", 0, 0},
    {"authority-host", "https://login.microsoftonline.us/", 1, 0},
    {"authority-host", "http://localhost:1", 0, 0},
    {"authority-host", "https://a@b", 0, 0},
    {"resource", "https://managedhsm.azure.net", 1, 0},
    {"resource", "https://managedhsm.azure.net/", 0, 0},
    {"resource", "http://managedhsm.azure.net", 0, 0},
    {"imds-endpoint", "http://127.0.0.1:4000", 1, 0},
    {"imds-endpoint", "http://169.254.169.254", 1, 0},
    {"imds-endpoint", "http://example.com", 0, 0},
    {"tenant-id", "contoso.onmicrosoft.com", 1, 0},
    {"tenant-id", "a/b", 0, 0},
    {"tenant-id", "a b", 0, 0},
    {"proxy", "none", 1, 0},
    {"proxy", "http://proxy:3128", 1, 0},
    {"proxy", "http://me:secret@proxy:3128", 0, 0},
    {"allowed-hosts", "a.example,.b.example:8443, c:1", 1, 0},
    {"allowed-hosts", "a.example,,b", 0, 0},
    {"allowed-hosts", "a.example:70000", 0, 0},
    {"allowed-hosts", "*.example", 0, 0},
    {"api-version", "2025-07-01", 1, 0},
    {"api-version", "7.6&x=1", 0, 0},
    {"ca-file", "/etc/\nx", 0, 0},
};

static void parsing(void)
{
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        mhsm_config *config = mhsm_config_new();
        mhsm_error *err = NULL;
        mhsm_status st;

        CHECK_FATAL(config != NULL);
        st = mhsm_config_set(config, values[i].name, values[i].value,
                             MHSM_ORIGIN_FILE, &err);
        if ((st == MHSM_OK) != values[i].ok)
            printf("\n  %s = \"%s\": %s\n", values[i].name, values[i].value,
                   mhsm_error_text(err));
        CHECK((st == MHSM_OK) == values[i].ok);
        if (st == MHSM_OK) {
            CHECK_TEXT(mhsm_config_get(config, values[i].name),
                       values[i].value);
            if (values[i].number != 0)
                CHECK(mhsm_config_get_long(config, values[i].name) ==
                      values[i].number);
        } else {
            CHECK(st == MHSM_ERR_CONFIG);
            CHECK(strstr(mhsm_error_message(err), values[i].name) != NULL);
            CHECK(strstr(mhsm_error_text(err), "hunter2") == NULL);
            CHECK(strstr(mhsm_error_text(err), "secret@") == NULL);
        }
        mhsm_error_free(&err);
        mhsm_config_free(config);
    }
}

static void precedence(void)
{
    mhsm_config *config = mhsm_config_new(), *copy;

    CHECK_FATAL(config != NULL);
    CHECK_TEXT(mhsm_config_get(config, "timeout"), "10s");
    CHECK(mhsm_config_origin(config, "timeout") == MHSM_ORIGIN_DEFAULT);
    CHECK(!mhsm_config_get(config, "endpoint"));
    CHECK(mhsm_config_set(config, "timeout", "60s", MHSM_ORIGIN_DEFAULT,
                          NULL) == MHSM_OK);
    CHECK_TEXT(mhsm_config_get(config, "timeout"), "60s");
    CHECK(mhsm_config_set(config, "timeout", "3s", MHSM_ORIGIN_COMMAND_LINE,
                          NULL) == MHSM_OK);
    CHECK(set(config, "timeout", "4s") == MHSM_OK);
    CHECK_TEXT(mhsm_config_get(config, "timeout"), "3s");
    CHECK(mhsm_config_origin(config, "timeout") == MHSM_ORIGIN_COMMAND_LINE);
    CHECK_TEXT(mhsmi_config_source(config, "timeout"), "the command line");
    CHECK(set(config, "timeout", "nonsense") == MHSM_ERR_CONFIG);
    CHECK(set(config, "no-such", "1") == MHSM_ERR_CONFIG);
    CHECK(mhsm_config_set(config, "timeout", NULL, MHSM_ORIGIN_FILE, NULL) ==
          MHSM_ERR_ARGUMENT);
    CHECK(mhsm_config_get(config, "no-such") == NULL);
    CHECK(mhsm_config_get_long(config, "no-such") == 0);
    copy = mhsmi_config_copy(config);
    CHECK_FATAL(copy != NULL);
    CHECK(set(config, "retries", "1") == MHSM_OK);
    CHECK_TEXT(mhsm_config_get(copy, "timeout"), "3s");
    CHECK_TEXT(mhsm_config_get(copy, "retries"), "3");
    CHECK(mhsm_config_origin(copy, "timeout") == MHSM_ORIGIN_COMMAND_LINE);
    mhsm_config_free(copy);
    mhsm_config_free(config);
    mhsm_config_free(NULL);
}

static void environment(void)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;

    CHECK_FATAL(config != NULL);
    setenv("AZURE_TENANT_ID", "alias-tenant", 1);
    setenv("AZURE_CLIENT_ID", "alias-client", 1);
    setenv("MHSM_CLIENT_ID", "own-client", 1);
    setenv("MHSM_ENDPOINT", "", 1);
    setenv("MHSM_EMULATOR_ANYTHING", "x", 1);
    CHECK(mhsm_config_set_environment(config, &err) == MHSM_OK);
    CHECK_TEXT(mhsm_config_get(config, "tenant-id"), "alias-tenant");
    CHECK_TEXT(mhsmi_config_source(config, "tenant-id"), "AZURE_TENANT_ID");
    CHECK_TEXT(mhsm_config_get(config, "client-id"), "own-client");
    CHECK(mhsm_config_origin(config, "client-id") == MHSM_ORIGIN_ENVIRONMENT);
    CHECK(mhsm_config_get(config, "endpoint") == NULL);
    setenv("MHSM_TIMEOUT", "soon", 1);
    CHECK(mhsm_config_set_environment(config, &err) == MHSM_ERR_CONFIG);
    CHECK(strstr(mhsm_error_message(err), "MHSM_TIMEOUT") != NULL);
    CHECK(strstr(mhsm_error_message(err), "timeout") != NULL);
    mhsm_error_free(&err);
    unsetenv("MHSM_TIMEOUT");
    setenv("MHSM_ENDPIONT", "x", 1);
    CHECK(mhsm_config_set_environment(config, &err) == MHSM_ERR_CONFIG);
    CHECK(strstr(mhsm_error_message(err), "MHSM_ENDPIONT") != NULL);
    mhsm_error_free(&err);
    unsetenv("MHSM_ENDPIONT");
    unsetenv("MHSM_ENDPOINT");
    unsetenv("MHSM_CLIENT_ID");
    unsetenv("AZURE_CLIENT_ID");
    unsetenv("AZURE_TENANT_ID");
    mhsm_config_free(config);
}

static char directory[] = "/tmp/mhsm-config-XXXXXX";

static void write_file(const char *path, const char *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK_FATAL(fd >= 0);
    CHECK_FATAL(write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* Resolve `reference`: 1 when the content is `expected`, -1 when refused. */
static int resolve(const char *reference, const char *expected)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;
    struct mhsmi_buf out;
    mhsm_status st;
    int result;

    CHECK_FATAL(config != NULL);
    mhsmi_buf_init(&out, MHSMI_SECRET_MAX);
    CHECK(set(config, "client-secret", reference) == MHSM_OK);
    st = mhsmi_config_secret(config, "client-secret", &out, &err);
    if (st == MHSM_OK)
        result = strcmp(mhsmi_buf_text(&out), expected) == 0;
    else
        result = st == MHSM_ERR_CONFIG && out.size == 0 &&
                         strstr(mhsm_error_message(err), "client-secret")
                     ? -1
                     : 0;
    mhsm_error_free(&err);
    mhsmi_buf_clear(&out);
    mhsm_config_free(config);
    return result;
}

static void secrets(void)
{
    char path[128], link_path[128], reference[160];
    static char large[MHSMI_SECRET_MAX + 1];
    struct stat status;

    CHECK_FATAL(mkdtemp(directory) != NULL);
    snprintf(path, sizeof(path), "%s/secret", directory);
    snprintf(link_path, sizeof(link_path), "%s/link", directory);
    snprintf(reference, sizeof(reference), "file:%s", path);
    CHECK(resolve(reference, "") == -1);
    write_file(path, "s3cret\r\n", 8);
    CHECK(resolve(reference, "s3cret") == 1);
    write_file(path, " with space ", 12);
    CHECK(resolve(reference, " with space ") == 1);
    write_file(path, "\n\n", 2);
    CHECK(resolve(reference, "") == -1);
    write_file(path, "a\0b", 3);
    CHECK(resolve(reference, "") == -1);
    memset(large, 'x', sizeof(large));
    write_file(path, large, sizeof(large));
    CHECK(resolve(reference, "") == -1);
    CHECK_FATAL(symlink(path, link_path) == 0);
    snprintf(reference, sizeof(reference), "file:%s", link_path);
    CHECK(resolve(reference, "") == -1);
    snprintf(reference, sizeof(reference), "file:%s", directory);
    CHECK(resolve(reference, "") == -1);
    unlink(link_path);
    unlink(path);
    /* A FIFO would block for ever. */
    CHECK_FATAL(mkfifo(path, 0600) == 0);
    snprintf(reference, sizeof(reference), "file:%s", path);
    CHECK(resolve(reference, "") == -1);
    unlink(path);
    CHECK(stat(path, &status) != 0);
    rmdir(directory);
    setenv("TEST_CONFIG_SECRET", "from-environment", 1);
    CHECK(resolve("env:TEST_CONFIG_SECRET", "from-environment") == 1);
    unsetenv("TEST_CONFIG_SECRET");
    CHECK(resolve("env:TEST_CONFIG_SECRET", "") == -1);
}

static void is_set(void)
{
    mhsm_config *config = mhsm_config_new();

    CHECK_FATAL(config != NULL);
    unsetenv("AZURE_CLIENT_SECRET");
    CHECK(!mhsmi_config_is_set(config, "client-secret"));
    CHECK(!mhsmi_config_is_set(config, "client-id"));
    CHECK(mhsmi_config_is_set(config, "timeout"));
    CHECK(!mhsmi_config_is_set(config, "no-such"));
    setenv("AZURE_CLIENT_SECRET", "x", 1);
    CHECK(mhsmi_config_is_set(config, "client-secret"));
    unsetenv("AZURE_CLIENT_SECRET");
    CHECK(set(config, "client-secret", "file:/nowhere") == MHSM_OK);
    CHECK(mhsmi_config_is_set(config, "client-secret"));
    mhsm_config_free(config);
}

int main(void)
{
    static const struct check checks[] = {
        {"table", table},
        {"parsing", parsing},
        {"precedence", precedence},
        {"environment", environment},
        {"secrets", secrets},
        {"is_set", is_set},
        {NULL, NULL},
    };

    return check_main("config", checks);
}
