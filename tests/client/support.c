/* SPDX-License-Identifier: MIT
 *
 * Preparation that the programs of this folder share.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(mhsm_status st, const char *what, mhsm_error *err)
{
    if (st != MHSM_OK)
        th_die("%s: %s", what, mhsm_error_text(err));
}

mhsm_client *tc_open(const char *const *options)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;
    char name[64];

    if (config == NULL)
        th_die("out of memory");
    must(mhsm_config_set_environment(config, &err), "environment", err);
    for (; options != NULL && *options != NULL; options++) {
        size_t size = strcspn(*options, "=");

        snprintf(name, sizeof(name), "%.*s", (int)size, *options);
        must(mhsm_config_set(config, name, *options + size + 1,
                             MHSM_ORIGIN_COMMAND_LINE, &err),
             *options, err);
    }
    must(mhsm_client_new(config, &client, &err), "client", err);
    mhsm_config_free(config);
    return client;
}

mhsm_uri *tc_uri(const mhsm_client *client, const char *text)
{
    mhsm_uri *uri = NULL;
    mhsm_error *err = NULL;

    must(mhsm_uri_parse(client, text, &uri, &err), text, err);
    return uri;
}

mhsm_key *tc_key(mhsm_client *client, const char *text)
{
    mhsm_uri *uri = tc_uri(client, text);
    mhsm_key *key = NULL;
    mhsm_error *err = NULL;

    must(mhsm_key_get(client, uri, &key, &err), text, err);
    mhsm_uri_free(uri);
    return key;
}

mhsm_status tc_get_by(mhsm_client *client, const char *text, mhsm_error **err)
{
    mhsm_uri *uri = tc_uri(client, text);
    mhsm_key *key = NULL;
    mhsm_status st = mhsm_key_get(client, uri, &key, err);

    CU_ASSERT((key != NULL) == (st == MHSM_OK));
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status tc_get(const char *text, const char *const *options,
                   mhsm_error **err)
{
    mhsm_client *client = tc_open(options);
    mhsm_status st = tc_get_by(client, text, err);

    mhsm_client_free(client);
    return st;
}

mhsm_key *tc_create(mhsm_client *client, const char *name, mhsm_key_type type,
                    unsigned int bits, mhsm_curve curve)
{
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;

    spec.type = type;
    spec.bits = bits;
    spec.curve = curve;
    must(mhsm_uri_new(client, NULL, name, NULL, &uri, &err), name, err);
    must(mhsm_key_create(client, uri, &spec, &key, &err), name, err);
    mhsm_uri_free(uri);
    return key;
}

void tc_prepare(const char *name)
{
    mhsm_client *client = tc_open(NULL);

    mhsm_key_free(tc_create(client, name, MHSM_KEY_EC, 0, MHSM_CURVE_P256));
    mhsm_client_free(client);
}

void tc_status(const char *file, unsigned int line, const char *call,
               mhsm_status status, mhsm_status expected, mhsm_error **err)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s: %s, not %s: %s", call,
             mhsm_status_name(status), mhsm_status_name(expected),
             mhsm_error_text(*err));
    CU_assertImplementation(status == expected, line, text, file, "", CU_FALSE);
    mhsm_error_free(err);
}

void tc_error(const char *file, unsigned int line, const char *call,
              mhsm_status status, mhsm_status expected, const char *part,
              mhsm_error **err)
{
    char text[1024];
    int found = strstr(mhsm_error_text(*err), part) != NULL ||
                strcmp(mhsm_error_code(*err), part) == 0;

    snprintf(text, sizeof(text), "%s: %s, not %s with \"%s\": %s", call,
             mhsm_status_name(status), mhsm_status_name(expected), part,
             mhsm_error_text(*err));
    CU_assertImplementation(status == expected && found &&
                                mhsm_error_status(*err) == expected,
                            line, text, file, "", CU_FALSE);
    mhsm_error_free(err);
}
