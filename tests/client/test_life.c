/* SPDX-License-Identifier: MIT
 *
 * The middle of a key's life through libmhsm: update, rotation, backup and
 * restore, and what is refused before it costs a request.
 */
#include <string.h>

#include "support.h"

static void updating(void)
{
    static const char *const tags[] = {"a=1"};
    mhsm_client *client = tc_open(NULL);
    mhsm_key *first = tc_create(client, "up", MHSM_KEY_RSA, 0, MHSM_CURVE_NONE);
    mhsm_key *latest =
        tc_create(client, "up", MHSM_KEY_RSA, 0, MHSM_CURVE_NONE);
    mhsm_uri *uri = tc_uri(client, mhsm_key_uri(first));
    mhsm_key_change change = MHSM_KEY_CHANGE_INIT;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    change.enabled = 0;
    change.expires = 4000000000;
    change.operations = MHSM_OP_SIGN;
    change.replace_tags = 1;
    change.tags = tags;
    change.tag_count = 1;
    TC_STATUS(mhsm_key_update(client, uri, &change, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_key_id(key), mhsm_key_id(first));
    CU_ASSERT(!mhsm_key_enabled(key));
    CU_ASSERT(mhsm_key_expires(key) == change.expires);
    CU_ASSERT(mhsm_key_operations(key) == MHSM_OP_SIGN);
    CU_ASSERT(strstr(mhsm_key_json(key), "\"a\":\"1\"") != NULL);
    mhsm_key_free(key);
    /* The answer may be nobody's business. */
    change = (mhsm_key_change)MHSM_KEY_CHANGE_INIT;
    change.enabled = 1;
    TC_STATUS(mhsm_key_update(client, uri, &change, NULL, &err), MHSM_OK);
    key = tc_key(client, mhsm_key_uri(first));
    CU_ASSERT(mhsm_key_enabled(key));
    mhsm_key_free(key);
    key = tc_key(client, mhsm_key_uri(latest));
    CU_ASSERT(mhsm_key_expires(key) == 0);
    mhsm_key_free(key);
    mhsm_key_free(first);
    mhsm_key_free(latest);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void refusing(void)
{
    static const char bad[] = "{\"version\":\"1.0.0\"}";
    const mhsm_release_policy policy = {bad, sizeof(bad) - 1, 0};
    mhsm_client *client = tc_open(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:refused"), *hsm;
    mhsm_uri *version =
        tc_uri(client, "mhsm:refused/0123456789abcdef0123456789abcdef");
    mhsm_key_change change = MHSM_KEY_CHANGE_INIT;
    mhsm_rotation_spec spec = MHSM_ROTATION_SPEC_INIT;
    mhsm_rotation_policy *rotation = NULL;
    mhsm_key_spec create = MHSM_KEY_SPEC_INIT;
    mhsm_client_stats stats;
    mhsm_result *blob = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    hsm = tc_uri(client, "mhsm:");
    TC_ERROR(mhsm_key_update(client, uri, &change, &key, &err),
             MHSM_ERR_ARGUMENT, "nothing to change");
    TC_ERROR(mhsm_key_update(client, uri, NULL, &key, &err), MHSM_ERR_ARGUMENT,
             "nothing to change");
    change.operations = 1u << 20;
    TC_ERROR(mhsm_key_update(client, uri, &change, &key, &err),
             MHSM_ERR_ARGUMENT, "unknown operations");
    change.operations = MHSM_OP_IMPORT | MHSM_OP_SIGN;
    TC_ERROR(mhsm_key_update(client, uri, &change, &key, &err),
             MHSM_ERR_ARGUMENT, "import");
    change.operations = 0;
    change.policy = &policy;
    TC_ERROR(mhsm_key_update(client, uri, &change, &key, &err),
             MHSM_ERR_ARGUMENT, "release policy");
    change.policy = NULL;
    change.enabled = 1;
    TC_ERROR(mhsm_key_update(client, hsm, &change, &key, &err),
             MHSM_ERR_ARGUMENT, "names no key");
    create.type = MHSM_KEY_EC;
    create.policy = &policy;
    TC_ERROR(mhsm_key_create(client, uri, &create, &key, &err),
             MHSM_ERR_ARGUMENT, "exportable");
    TC_ERROR(mhsm_key_rotate(client, version, &key, &err), MHSM_ERR_ARGUMENT,
             "all its versions");
    TC_ERROR(mhsm_key_backup(client, version, &blob, &err), MHSM_ERR_ARGUMENT,
             "all its versions");
    TC_ERROR(
        mhsm_key_restore(client, hsm, (const unsigned char *)"", 0, &key, &err),
        MHSM_ERR_ARGUMENT, "a backup has 1 to");
    TC_ERROR(mhsm_rotation_policy_get(client, version, &rotation, &err),
             MHSM_ERR_ARGUMENT, "all its versions");
    TC_ERROR(mhsm_rotation_policy_set(client, uri, NULL, NULL, &err),
             MHSM_ERR_ARGUMENT, "no policy");
    spec.after_create = "P27D";
    TC_ERROR(mhsm_rotation_policy_set(client, uri, &spec, NULL, &err),
             MHSM_ERR_ARGUMENT, "28 days");
    spec.after_create = "P90D";
    spec.before_expiry = "P90D";
    TC_ERROR(mhsm_rotation_policy_set(client, uri, &spec, NULL, &err),
             MHSM_ERR_ARGUMENT, "not both");
    spec.after_create = NULL;
    TC_ERROR(mhsm_rotation_policy_set(client, uri, &spec, NULL, &err),
             MHSM_ERR_ARGUMENT, "needs an expiry");
    mhsm_client_get_stats(client, &stats);
    CU_ASSERT(stats.requests == 0);
    CU_ASSERT(key == NULL && blob == NULL && rotation == NULL);
    mhsm_rotation_policy_free(NULL);
    mhsm_uri_free(uri);
    mhsm_uri_free(version);
    mhsm_uri_free(hsm);
    mhsm_client_free(client);
}

static void rotating(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *first =
        tc_create(client, "turn", MHSM_KEY_EC, 0, MHSM_CURVE_P384);
    mhsm_uri *uri = tc_uri(client, "mhsm:turn");
    mhsm_rotation_spec spec = MHSM_ROTATION_SPEC_INIT;
    mhsm_rotation_policy *policy = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    TC_ERROR(mhsm_key_rotate(client, uri, &key, &err), MHSM_ERR_REJECTED,
             "rotation-policy set");
    TC_STATUS(mhsm_rotation_policy_get(client, uri, &policy, &err), MHSM_OK);
    CU_ASSERT_FATAL(policy != NULL);
    CU_ASSERT(mhsm_rotation_policy_after_create(policy) == NULL);
    CU_ASSERT(mhsm_rotation_policy_before_expiry(policy) == NULL);
    CU_ASSERT(mhsm_rotation_policy_expiry(policy) == NULL);
    mhsm_rotation_policy_free(policy);
    spec.after_create = "P6M";
    spec.expiry = "P1Y";
    TC_STATUS(mhsm_rotation_policy_set(client, uri, &spec, &policy, &err),
              MHSM_OK);
    CU_ASSERT_FATAL(policy != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_rotation_policy_after_create(policy), "P6M");
    CU_ASSERT_STRING_EQUAL(mhsm_rotation_policy_expiry(policy), "P1Y");
    CU_ASSERT(mhsm_rotation_policy_created(policy) > 1600000000);
    CU_ASSERT(mhsm_rotation_policy_updated(policy) > 1600000000);
    CU_ASSERT(mhsm_rotation_policy_json(policy)[0] == '{');
    mhsm_rotation_policy_free(policy);
    th_reset();
    TC_STATUS(mhsm_key_rotate(client, uri, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT(th_key_requests() == 1);
    CU_ASSERT(mhsm_key_curve(key) == MHSM_CURVE_P384);
    CU_ASSERT_STRING_NOT_EQUAL(mhsm_key_version(key), mhsm_key_version(first));
    CU_ASSERT(mhsm_key_expires(key) != 0);
    mhsm_key_free(key);
    mhsm_key_free(first);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* A write whose answer is lost may have been done: it is not sent again. */
static void sending_once(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *first =
        tc_create(client, "once", MHSM_KEY_EC, 0, MHSM_CURVE_P256);
    mhsm_uri *uri = tc_uri(client, "mhsm:once");
    mhsm_key_change change = MHSM_KEY_CHANGE_INIT;
    mhsm_result *blob = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    change.enabled = 1;
    th_reset();
    th_fault("\"route\":\"*\",\"action\":\"reset\",\"count\":-1");
    TC_STATUS(mhsm_key_update(client, uri, &change, &key, &err),
              MHSM_ERR_TRANSPORT);
    TC_STATUS(mhsm_key_rotate(client, uri, &key, &err), MHSM_ERR_TRANSPORT);
    TC_STATUS(mhsm_key_backup(client, uri, &blob, &err), MHSM_ERR_TRANSPORT);
    CU_ASSERT(th_key_requests() == 3);
    CU_ASSERT(key == NULL && blob == NULL);
    th_reset();
    mhsm_key_free(first);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void saving(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *before =
        tc_create(client, "saved", MHSM_KEY_OCT, 256, MHSM_CURVE_NONE);
    mhsm_uri *uri = tc_uri(client, "mhsm:saved"),
             *hsm = tc_uri(client, "mhsm:");
    const unsigned char *data;
    mhsm_result *blob = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    size_t size = 0;

    TC_STATUS(mhsm_key_backup(client, uri, &blob, &err), MHSM_OK);
    CU_ASSERT_FATAL(blob != NULL);
    data = mhsm_result_data(blob, &size);
    CU_ASSERT(size > 100);
    TC_ERROR(mhsm_key_restore(client, hsm, data, size, &key, &err),
             MHSM_ERR_CONFLICT, "saved");
    TC_STATUS(mhsm_key_delete(client, uri, NULL, &err), MHSM_OK);
    TC_STATUS(mhsm_key_purge(client, uri, &err), MHSM_OK);
    TC_ERROR(mhsm_key_restore(client, hsm, data, size - 1, &key, &err),
             MHSM_ERR_REJECTED, "security domain");
    TC_STATUS(mhsm_key_restore(client, hsm, data, size, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_key_id(key), mhsm_key_id(before));
    mhsm_key_free(key);
    mhsm_key_free(before);
    mhsm_result_free(blob);
    mhsm_uri_free(uri);
    mhsm_uri_free(hsm);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"updating", updating},         {"refusing", refusing},
        {"rotating", rotating},         {"saving", saving},
        {"sending_once", sending_once}, CU_TEST_INFO_NULL,
    };

    return th_main("client_life", tests);
}
