/* SPDX-License-Identifier: MIT
 *
 * A host that loads libmhsm by dlopen(), uses it, and closes it again while
 * the I/O thread still runs.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mhsm/mhsm.h>

#include "check.h"

/* The functions as found in the library, not as linked into this program. */
#define OWN(name) __typeof__(mhsm_##name) *name
static struct {
    OWN(config_new);
    OWN(config_set);
    OWN(config_free);
    OWN(client_new);
    OWN(client_free);
    OWN(uri_new);
    OWN(uri_free);
    OWN(key_get);
    OWN(error_free);
} lib;
#define LOAD(name) lib.name = load(library, "mhsm_" #name)

static void *load(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (found == NULL)
        (void)fprintf(stderr, "no symbol %s\n", name);
    CHECK_FATAL(found != NULL);
    return found;
}

static void *open_library(void)
{
    const char *build = getenv("TEST_BUILD");
    char path[4096];

    CHECK_FATAL(build != NULL);
    (void)snprintf(path, sizeof(path), "%s/client/libmhsm.so", build);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static void load_all(void *library)
{
    LOAD(config_new);
    LOAD(config_set);
    LOAD(config_free);
    LOAD(client_new);
    LOAD(client_free);
    LOAD(uri_new);
    LOAD(uri_free);
    LOAD(key_get);
    LOAD(error_free);
}

/* A request to a port where nobody listens starts the thread all the same. */
static void use(void *library)
{
    static const char *const options[][2] = {
        {"endpoint", "https://localhost:1"},
        {"credential", "token"},
        {"token", "env:PATH"},
        {"retries", "0"},
    };
    mhsm_config *config;
    mhsm_client *client = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_error *err = NULL;
    size_t i;

    load_all(library);
    config = lib.config_new();
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        CHECK(lib.config_set(config, options[i][0], options[i][1],
                             MHSM_ORIGIN_COMMAND_LINE, NULL) == MHSM_OK);
    CHECK_FATAL(lib.client_new(config, &client, NULL) == MHSM_OK);
    CHECK_FATAL(lib.uri_new(client, NULL, "k", NULL, &uri, NULL) == MHSM_OK);
    CHECK(lib.key_get(client, uri, &key, &err) == MHSM_ERR_CONNECT);
    lib.error_free(&err);
    lib.uri_free(uri);
    lib.client_free(client);
    lib.config_free(config);
}

static void test_unload(void)
{
    const struct timespec nap = {0, 200 * 1000000L};
    void *library = open_library();

    CHECK_FATAL(library != NULL);
    use(library);
    CHECK(dlclose(library) == 0);
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    library = open_library();
    CHECK_FATAL(library != NULL);
    use(library);
    CHECK(dlclose(library) == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"unload", test_unload},
        {NULL, NULL},
    };

    return check_main("unload", checks);
}
