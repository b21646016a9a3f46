/* SPDX-License-Identifier: MIT
 *
 * What the tests of key references share: a client, keys from the service's
 * JSON, and reading with its promises checked.
 */
#ifndef MHSM_TESTS_UNIT_REFERENCE_H
#define MHSM_TESTS_UNIT_REFERENCE_H

#include <string.h>

#include <openssl/err.h>

#include "base/json.h"
#include "check.h"
#include "keys/jwk.h"
#include "mhsm/mhsm.h"
#include "torture.h"

#define HSM          "https://h.managedhsm.azure.net"
#define V            "0123456789abcdef0123456789abcdef"
#define KID          "\"kid\":\"" HSM "/keys/k1/" V "\","
#define URI          "mhsm://h.managedhsm.azure.net/keys/k1/" V
#define B32          "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static mhsm_client *client;

static inline void make_client(void)
{
    mhsm_config *config = mhsm_config_new();

    CHECK_FATAL(config != NULL);
    CHECK_FATAL(mhsm_client_new(config, &client, NULL) == MHSM_OK);
    mhsm_config_free(config);
}

/* What both outcomes owe. */
static inline mhsm_status decode(const unsigned char *der, size_t size,
                                 mhsm_key **key, mhsm_error **err)
{
    mhsm_status st;

    *key = NULL;
    st = mhsm_reference_decode(client, der, size, key, err);
    CHECK((st == MHSM_OK) == (*key != NULL));
    CHECK((st == MHSM_OK) == (*err == NULL));
    CHECK(ERR_peek_error() == 0);
    return st;
}

static inline mhsm_key *key_of(const char *json)
{
    struct json_object *bundle = mhsmi_json_parse(json, strlen(json));
    mhsm_key *key = NULL;

    CHECK_FATAL(mhsmi_jwk_parse(HSM, bundle, &key, NULL) == MHSM_OK);
    json_object_put(bundle);
    return key;
}

static inline void free_client(void)
{
    mhsm_client_free(client);
    CHECK(live == 0);
}

#endif
