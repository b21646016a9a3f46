/* SPDX-License-Identifier: MIT
 *
 * Keys through libmhsm: create, get, list, delete, recover, purge, and what is
 * refused on the way.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"

static void creating(void)
{
    static const struct {
        mhsm_key_type type;
        unsigned int bits;
        mhsm_curve curve;
    } kinds[] = {
        {MHSM_KEY_RSA, 2048, MHSM_CURVE_NONE},
        {MHSM_KEY_RSA, 3072, MHSM_CURVE_NONE},
        {MHSM_KEY_EC, 0, MHSM_CURVE_P256},
        {MHSM_KEY_EC, 0, MHSM_CURVE_P384},
        {MHSM_KEY_EC, 0, MHSM_CURVE_P521},
        {MHSM_KEY_EC, 0, MHSM_CURVE_P256K},
        {MHSM_KEY_OCT, 128, MHSM_CURVE_NONE},
        {MHSM_KEY_OCT, 256, MHSM_CURVE_NONE},
    };
    mhsm_client *client = tc_open(NULL);
    char name[32], uri[64];
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        mhsm_key *key, *again;

        snprintf(name, sizeof(name), "create-%zu", i);
        key = tc_create(client, name, kinds[i].type, kinds[i].bits,
                        kinds[i].curve);
        CU_ASSERT(mhsm_key_get_type(key) == kinds[i].type);
        CU_ASSERT(mhsm_key_curve(key) == kinds[i].curve);
        if (kinds[i].type == MHSM_KEY_RSA)
            CU_ASSERT(mhsm_key_bits(key) == kinds[i].bits);
        CU_ASSERT(mhsm_key_enabled(key));
        CU_ASSERT(mhsm_key_created(key) > 1600000000);
        CU_ASSERT(mhsm_key_operations(key) != 0);
        snprintf(uri, sizeof(uri), "mhsm:%s", name);
        again = tc_key(client, uri);
        CU_ASSERT_STRING_EQUAL(mhsm_key_id(key), mhsm_key_id(again));
        CU_ASSERT_STRING_EQUAL(mhsm_key_uri(key), mhsm_key_uri(again));
        mhsm_key_free(again);
        /* The key's own URI leads back to it. */
        again = tc_key(client, mhsm_key_uri(key));
        CU_ASSERT_STRING_EQUAL(mhsm_key_version(key), mhsm_key_version(again));
        mhsm_key_free(again);
        mhsm_key_free(key);
    }
    mhsm_client_free(client);
}

static void specifying(void)
{
    static const char *const tags[] = {"purpose=test", "empty="};
    mhsm_client *client = tc_open(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:specified");
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    spec.type = MHSM_KEY_RSA;
    spec.operations = MHSM_OP_WRAP | MHSM_OP_UNWRAP;
    spec.disabled = 1;
    spec.not_before = 1700000000;
    spec.expires = 4000000000;
    spec.tags = tags;
    spec.tag_count = 2;
    TC_STATUS(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT(mhsm_key_bits(key) == 2048);
    CU_ASSERT(mhsm_key_operations(key) == spec.operations);
    CU_ASSERT(!mhsm_key_enabled(key));
    CU_ASSERT(mhsm_key_not_before(key) == spec.not_before);
    CU_ASSERT(mhsm_key_expires(key) == spec.expires);
    CU_ASSERT(strstr(mhsm_key_json(key), "\"purpose\":\"test\"") != NULL);
    CU_ASSERT(strstr(mhsm_key_json(key), "\"empty\":\"\"") != NULL);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void refusing(void)
{
    static const char *const bad_tags[] = {"=x"};
    mhsm_client *client = tc_open(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:refused"), *hsm;
    mhsm_uri *version =
        tc_uri(client, "mhsm:refused/0123456789abcdef0123456789abcdef");
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_client_stats before, after;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    hsm = tc_uri(client, "mhsm:");
    mhsm_client_get_stats(client, &before);
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_ERR_ARGUMENT,
             "type");
    spec.type = MHSM_KEY_RSA;
    spec.bits = 1024;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err),
             MHSM_ERR_UNSUPPORTED, "1024");
    spec.bits = 0;
    TC_ERROR(mhsm_key_create(client, hsm, &spec, &key, &err), MHSM_ERR_ARGUMENT,
             "names no key");
    TC_ERROR(mhsm_key_create(client, version, &spec, &key, &err),
             MHSM_ERR_ARGUMENT, "version");
    TC_ERROR(mhsm_key_delete(client, version, NULL, &err), MHSM_ERR_ARGUMENT,
             "all its versions");
    TC_ERROR(mhsm_key_get(client, hsm, &key, &err), MHSM_ERR_ARGUMENT,
             "names no key");
    spec.tags = bad_tags;
    spec.tag_count = 1;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_ERR_ARGUMENT,
             "NAME=VALUE");
    spec.tag_count = 0;
    spec.not_before = 10;
    spec.expires = 9;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_ERR_ARGUMENT,
             "expire");
    spec = (mhsm_key_spec)MHSM_KEY_SPEC_INIT;
    spec.type = MHSM_KEY_EC;
    spec.curve = (mhsm_curve)99;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err),
             MHSM_ERR_UNSUPPORTED, "curve");
    /* None of this cost a request. */
    mhsm_client_get_stats(client, &after);
    CU_ASSERT(before.requests == after.requests && after.requests == 0);
    TC_ERROR(mhsm_key_get(client, uri, &key, &err), MHSM_ERR_NOT_FOUND,
             "cannot get key refused");
    TC_ERROR(mhsm_key_get(client, version, &key, &err), MHSM_ERR_NOT_FOUND,
             "KeyNotFound");
    CU_ASSERT(key == NULL);
    mhsm_uri_free(uri);
    mhsm_uri_free(hsm);
    mhsm_uri_free(version);
    mhsm_client_free(client);
}

/* A rotation makes a version; the object stays with its own. */
static void pinning(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *first =
        tc_create(client, "pinned", MHSM_KEY_EC, 0, MHSM_CURVE_P256);
    mhsm_key *second =
        tc_create(client, "pinned", MHSM_KEY_EC, 0, MHSM_CURVE_P256);
    mhsm_key *latest = tc_key(client, "mhsm:pinned");
    mhsm_key *old = tc_key(client, mhsm_key_uri(first));

    CU_ASSERT_STRING_NOT_EQUAL(mhsm_key_version(first),
                               mhsm_key_version(second));
    CU_ASSERT_STRING_EQUAL(mhsm_key_version(latest), mhsm_key_version(second));
    CU_ASSERT_STRING_EQUAL(mhsm_key_version(old), mhsm_key_version(first));
    mhsm_key_free(first);
    mhsm_key_free(second);
    mhsm_key_free(latest);
    mhsm_key_free(old);
    mhsm_client_free(client);
}

/* Count the items; those called `name` into *named. */
static size_t walk(mhsm_client *client, const char *uri_text,
                   mhsm_key_listing listing, const char *name, size_t *named)
{
    mhsm_uri *uri = tc_uri(client, uri_text);
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_error *err = NULL;
    mhsm_status st;
    size_t count = 0;

    *named = 0;
    TC_STATUS(mhsm_key_list_new(client, uri, listing, &list, &err), MHSM_OK);
    CU_ASSERT_FATAL(list != NULL);
    for (;;) {
        st = mhsm_key_list_next(list, &item, &err);
        TC_STATUS(st, MHSM_OK);
        if (st != MHSM_OK || item == NULL)
            break;
        count++;
        *named += strcmp(item->name, name) == 0;
        CU_ASSERT(strncmp(item->id, mhsm_uri_endpoint(uri),
                          strlen(mhsm_uri_endpoint(uri))) == 0);
        CU_ASSERT((strlen(item->version) == 32) ==
                  (listing == MHSM_LIST_VERSIONS));
        CU_ASSERT(item->created != 0 && item->json[0] == '{');
        CU_ASSERT((item->deleted != 0) == (listing == MHSM_LIST_DELETED));
        CU_ASSERT((item->purge > item->deleted) ==
                  (listing == MHSM_LIST_DELETED));
    }
    /* At the end it stays at the end. */
    item = NULL;
    TC_STATUS(mhsm_key_list_next(list, &item, &err), MHSM_OK);
    CU_ASSERT(item == NULL);
    mhsm_key_list_free(list);
    mhsm_uri_free(uri);
    return count;
}

static void listing(void)
{
    enum { many = 60 };
    mhsm_client *client = tc_open(NULL);
    size_t before, after, named;
    char name[32];
    int i;

    before = walk(client, "mhsm:", MHSM_LIST_KEYS, "x", &named);
    for (i = 0; i < many; i++) {
        snprintf(name, sizeof(name), "many-%d", i);
        mhsm_key_free(tc_create(client, name, MHSM_KEY_EC, 0, MHSM_CURVE_P256));
        if (i < 30)
            mhsm_key_free(tc_create(client, "versions", MHSM_KEY_OCT, 256,
                                    MHSM_CURVE_NONE));
    }
    th_reset();
    after = walk(client, "mhsm:", MHSM_LIST_KEYS, "many-59", &named);
    CU_ASSERT(after == before + many + 1);
    CU_ASSERT(named == 1);
    CU_ASSERT(th_route("GET /keys") == (long)(after + 24) / 25);
    after =
        walk(client, "mhsm:versions", MHSM_LIST_VERSIONS, "versions", &named);
    CU_ASSERT(after == 30 && named == 30);
    mhsm_client_free(client);
}

static void listing_refused(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_uri *hsm = tc_uri(client, "mhsm:");
    mhsm_uri *absent = tc_uri(client, "mhsm:absent");
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_error *err = NULL;

    TC_ERROR(mhsm_key_list_new(client, hsm, MHSM_LIST_VERSIONS, &list, &err),
             MHSM_ERR_ARGUMENT, "names no key");
    TC_ERROR(mhsm_key_list_new(client, hsm, (mhsm_key_listing)9, &list, &err),
             MHSM_ERR_ARGUMENT, "kind");
    TC_STATUS(
        mhsm_key_list_new(client, absent, MHSM_LIST_VERSIONS, &list, &err),
        MHSM_OK);
    TC_ERROR(mhsm_key_list_next(list, &item, &err), MHSM_ERR_NOT_FOUND,
             "list versions of key absent");
    /* A failure may pass: the same listing can be tried again. */
    mhsm_key_free(tc_create(client, "absent", MHSM_KEY_EC, 0, MHSM_CURVE_P256));
    TC_STATUS(mhsm_key_list_next(list, &item, &err), MHSM_OK);
    CU_ASSERT(item != NULL);
    mhsm_key_list_free(list);
    mhsm_key_list_free(NULL);
    mhsm_uri_free(hsm);
    mhsm_uri_free(absent);
    mhsm_client_free(client);
}

static void life_cycle(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:mortal");
    mhsm_key *key =
        tc_create(client, "mortal", MHSM_KEY_EC, 0, MHSM_CURVE_P256);
    mhsm_key *other = NULL;
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    size_t named;

    spec.type = MHSM_KEY_EC;
    TC_ERROR(mhsm_key_get_deleted(client, uri, &other, &err),
             MHSM_ERR_NOT_FOUND, "mortal");
    TC_ERROR(mhsm_key_recover(client, uri, &other, &err), MHSM_ERR_NOT_FOUND,
             "mortal");
    TC_STATUS(mhsm_key_delete(client, uri, &other, &err), MHSM_OK);
    CU_ASSERT_FATAL(other != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_key_id(other), mhsm_key_id(key));
    CU_ASSERT(strstr(mhsm_key_json(other), "recoveryId") != NULL);
    mhsm_key_free(other);
    other = NULL;
    TC_ERROR(mhsm_key_get(client, uri, &other, &err), MHSM_ERR_NOT_FOUND,
             "mhsm key recover");
    TC_ERROR(mhsm_key_create(client, uri, &spec, &other, &err),
             MHSM_ERR_CONFLICT, "purge");
    (void)walk(client, "mhsm:", MHSM_LIST_DELETED, "mortal", &named);
    CU_ASSERT(named == 1);
    TC_STATUS(mhsm_key_get_deleted(client, uri, &other, &err), MHSM_OK);
    mhsm_key_free(other);
    other = NULL;
    TC_STATUS(mhsm_key_recover(client, uri, &other, &err), MHSM_OK);
    CU_ASSERT_FATAL(other != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_key_id(other), mhsm_key_id(key));
    mhsm_key_free(other);
    TC_STATUS(mhsm_key_delete(client, uri, NULL, &err), MHSM_OK);
    TC_STATUS(mhsm_key_purge(client, uri, &err), MHSM_OK);
    TC_ERROR(mhsm_key_purge(client, uri, &err), MHSM_ERR_NOT_FOUND, "mortal");
    (void)walk(client, "mhsm:", MHSM_LIST_DELETED, "mortal", &named);
    CU_ASSERT(named == 0);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"creating", creating},     {"specifying", specifying},
        {"refusing", refusing},     {"pinning", pinning},
        {"listing", listing},       {"listing_refused", listing_refused},
        {"life_cycle", life_cycle}, CU_TEST_INFO_NULL,
    };

    return th_main("client_keys", tests);
}
