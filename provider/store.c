/* SPDX-License-Identifier: MIT
 *
 * STORE: `mhsm:` and `managedhsm:` URIs.  Opening only parses.  Loading a key
 * is exactly one GET, and none at all when the caller expects something that
 * is no key.  Who expects nothing gets the private key, and then, at no cost,
 * the public one: BIND wants to see both.  `mhsm:` without a name lists the names of the keys, one request a
 * page.  A search by alias is that of one key by its name, and finds nothing
 * when there is none; other searches are for certificates and are refused.
 * Must never list when a name is given: that is another permission.
 */
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include "cache.h"
#include "dispatch.h"
#include "err.h"
#include "key.h"
#include "object.h"
#include "params.h"

FN(store, mhsm, open);
FN(store, mhsm, attach);
FN(store, mhsm, settable_ctx_params);
FN(store, mhsm, set_ctx_params);
FN(store, mhsm, load);
FN(store, mhsm, eof);
FN(store, mhsm, close);
FN(store, mhsm, export_object);

/* Longer than any name, so that one that is too long is seen to be. */
#define ALIAS_SIZE 256

/* After a failure there is one more load, which gives nothing: libcrypto takes
 * a failure with the end already reached for the mere end, and no application
 * would hear of it. */
enum state { READY = 0, FAILED = 1, DONE = 2 };

struct store {
    struct mp_prov *prov;
    mhsm_uri *uri;
    int expect;    /* OSSL_STORE_INFO_*; 0: anything */
    int searching; /* by alias, which `uri` now names */
    enum state state;
    struct mp_key *rest; /* the public key that is still to come */
    mhsm_key_list *list;
};

static void *mhsm_store_open(void *provctx, const char *text)
{
    struct mp_prov *prov = provctx;
    struct store *store = NULL;
    mhsm_error *err = NULL;

    if (!mp_prov_usable(prov))
        return NULL;
    store = OPENSSL_zalloc(sizeof(*store));
    if (store == NULL) {
        mp_raise(prov, MP_R_MEMORY, "cannot open a store");
        return NULL;
    }
    store->prov = prov;
    if (mhsm_uri_parse(prov->client, text, &store->uri, &err) != MHSM_OK) {
        mp_raise_client(prov, &err);
        OPENSSL_free(store);
        return NULL;
    }
    return store;
}

/* A stream of octets is no place for our keys; another loader takes it. */
static void *mhsm_store_attach(void *provctx, OSSL_CORE_BIO *in)
{
    (void)provctx;
    (void)in;
    return NULL;
}

static const OSSL_PARAM *mhsm_store_settable_ctx_params(void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_ALIAS, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return settable;
}

/* The key of that name at the same HSM; a URI that names another one holds
 * nothing of that alias. */
static int search_alias(struct store *store, const OSSL_PARAM *param)
{
    const char *name = mhsm_uri_name(store->uri);
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    char alias[ALIAS_SIZE];

    if (!mp_param_text(param, alias, sizeof(alias))) {
        mp_raise(store->prov, MP_R_PARAMETER,
                 "parameter %s is no name of a key", param->key);
        return 0;
    }
    store->searching = 1;
    if (name != NULL) {
        if (OPENSSL_strcasecmp(name, alias) != 0)
            store->state = DONE;
        return 1;
    }
    if (mhsm_uri_new(store->prov->client, mhsm_uri_endpoint(store->uri), alias,
                     NULL, &uri, &err) != MHSM_OK) {
        mp_raise_client(store->prov, &err);
        return 0;
    }
    mhsm_uri_free(store->uri);
    store->uri = uri;
    return 1;
}

static int refuse_search(const struct store *store, const OSSL_PARAM params[])
{
    static const char *const searches[] = {
        OSSL_STORE_PARAM_SUBJECT, OSSL_STORE_PARAM_ISSUER,
        OSSL_STORE_PARAM_SERIAL, OSSL_STORE_PARAM_FINGERPRINT};

    for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++)
        if (OSSL_PARAM_locate_const(params, searches[i]) != NULL) {
            mp_raise(store->prov, MP_R_PARAMETER,
                     "keys of an HSM are found by alias, which is their name, "
                     "not by %s",
                     searches[i]);
            return 1;
        }
    return 0;
}

static int mhsm_store_set_ctx_params(void *loaderctx, const OSSL_PARAM params[])
{
    struct store *store = loaderctx;
    const OSSL_PARAM *param;

    if (store == NULL)
        return 0;
    if (params == NULL)
        return 1;
    param = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
    if (param != NULL && !OSSL_PARAM_get_int(param, &store->expect)) {
        mp_raise(store->prov, MP_R_PARAMETER, "parameter %s is no number",
                 param->key);
        return 0;
    }
    if (refuse_search(store, params))
        return 0;
    param = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_ALIAS);
    return param == NULL || search_alias(store, param);
}

static int expects_something(const struct store *store)
{
    switch (store->expect) {
    case 0:
    case OSSL_STORE_INFO_PKEY:
    case OSSL_STORE_INFO_PUBKEY:
        return 1;
    case OSSL_STORE_INFO_NAME:
        return mhsm_uri_name(store->uri) == NULL;
    default:
        return 0;
    }
}

/* By one GET, or from the cache.  NULL with one error raised, or with none and
 * *absent when a search finds nothing. */
static struct mp_key *get_key(struct store *store, int *absent)
{
    struct mp_prov *prov = store->prov;
    const char *uri = mhsm_uri_text(store->uri);
    struct mp_key *key = mp_cache_find(prov, uri);
    mhsm_error *err = NULL;
    mhsm_key *hsm = NULL;
    mhsm_status status;

    if (key != NULL)
        return key;
    status = mhsm_key_get(prov->client, store->uri, &hsm, &err);
    if (status == MHSM_OK)
        key = mp_key_wrap(prov, hsm);
    if (key != NULL)
        mp_cache_put(prov, uri, key);
    else
        mp_cache_forget(prov, uri);
    *absent = status == MHSM_ERR_NOT_FOUND && store->searching;
    if (*absent) {
        mhsm_error_free(&err);
        return NULL;
    }
    if (status != MHSM_OK)
        mp_raise_client(prov, &err);
    return key;
}

/* The object that comes next; NULL as with get_key(). */
static struct mp_key *next_key(struct store *store, int *absent)
{
    struct mp_key *key = store->rest, *public_key;

    store->rest = NULL;
    if (key != NULL)
        return key;
    key = get_key(store, absent);
    if (key == NULL || store->expect == OSSL_STORE_INFO_PKEY ||
        (store->expect == 0 && !key->has_public))
        return key;
    public_key = mp_key_public_copy(key);
    if (store->expect == OSSL_STORE_INFO_PUBKEY || public_key == NULL) {
        mp_key_free(key);
        return public_key;
    }
    store->rest = public_key;
    return key;
}

static int load_key(struct store *store, OSSL_CALLBACK *callback, void *arg)
{
    int ok, absent = 0;
    struct mp_key *key = next_key(store, &absent);

    if (key == NULL)
        return absent;
    ok = mp_object_give(key, callback, arg);
    mp_key_free(key);
    return ok;
}

/* The service names a key by its URL; with our scheme that is its URI. */
static int give_name(const struct store *store, const mhsm_key_item *item,
                     OSSL_CALLBACK *callback, void *arg)
{
    static char enabled[] = "key", disabled[] = "key, disabled";
    int type = OSSL_OBJECT_NAME, ok;
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    OSSL_PARAM params[4];
    struct mp_mark mark;
    char *name;

    if (mhsm_uri_new(store->prov->client, mhsm_uri_endpoint(store->uri),
                     item->name, NULL, &uri, &err) != MHSM_OK) {
        mp_raise_client(store->prov, &err);
        return 0;
    }
    name = OPENSSL_strdup(mhsm_uri_text(uri));
    mhsm_uri_free(uri);
    if (name == NULL) {
        mp_raise(store->prov, MP_R_MEMORY, "no room for a name");
        return 0;
    }
    params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
    params[1] =
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA, name, 0);
    params[2] = OSSL_PARAM_construct_utf8_string(
        OSSL_OBJECT_PARAM_DESC, item->enabled ? enabled : disabled, 0);
    params[3] = OSSL_PARAM_construct_end();
    /* OpenSSL 3.5 tries the name as octets first, and leaves an error. */
    mp_mark_set(&mark);
    ok = callback(params, arg);
    if (ok)
        mp_mark_drop(&mark);
    else
        (void)ERR_clear_last_mark();
    OPENSSL_free(name);
    return ok;
}

static int load_name(struct store *store, OSSL_CALLBACK *callback, void *arg)
{
    const mhsm_key_item *item = NULL;
    mhsm_error *err = NULL;
    mhsm_status status = MHSM_OK;

    if (store->list == NULL)
        status = mhsm_key_list_new(store->prov->client, store->uri,
                                   MHSM_LIST_KEYS, &store->list, &err);
    if (status == MHSM_OK)
        status = mhsm_key_list_next(store->list, &item, &err);
    if (status != MHSM_OK) {
        mp_raise_client(store->prov, &err);
        return 0;
    }
    if (item != NULL)
        return give_name(store, item, callback, arg);
    /* Only now is it known that there are no more. */
    store->state = DONE;
    return 1;
}

static int mhsm_store_load(void *loaderctx, OSSL_CALLBACK *object_cb,
                           void *object_cbarg, OSSL_PASSPHRASE_CALLBACK *pw_cb,
                           void *pw_cbarg)
{
    struct store *store = loaderctx;
    int ok;

    (void)pw_cb;
    (void)pw_cbarg;
    if (store == NULL)
        return 0;
    if (store->state != READY || !expects_something(store)) {
        store->state = DONE;
        return 0;
    }
    if (mhsm_uri_name(store->uri) == NULL) {
        ok = load_name(store, object_cb, object_cbarg);
    } else {
        ok = load_key(store, object_cb, object_cbarg);
        if (ok && store->rest == NULL)
            store->state = DONE;
    }
    if (!ok)
        store->state = FAILED;
    return ok;
}

static int mhsm_store_eof(void *loaderctx)
{
    const struct store *store = loaderctx;

    return store == NULL || store->state == DONE || !expects_something(store);
}

static int mhsm_store_close(void *loaderctx)
{
    struct store *store = loaderctx;

    if (store == NULL)
        return 1;
    mp_key_free(store->rest);
    mhsm_key_list_free(store->list);
    mhsm_uri_free(store->uri);
    OPENSSL_free(store);
    return 1;
}

/* Asked first when another provider has the key type as well.  It has no use
 * for a key without its private part, so that is a quiet no. */
static int mhsm_store_export_object(void *loaderctx, const void *reference,
                                    size_t size, OSSL_CALLBACK *callback,
                                    void *arg)
{
    (void)loaderctx;
    return mp_object_export(reference, size, callback, arg);
}

const OSSL_DISPATCH mp_store[] = {
    ENTRY(STORE, OPEN, mhsm_store_open),
    ENTRY(STORE, ATTACH, mhsm_store_attach),
    ENTRY(STORE, SETTABLE_CTX_PARAMS, mhsm_store_settable_ctx_params),
    ENTRY(STORE, SET_CTX_PARAMS, mhsm_store_set_ctx_params),
    ENTRY(STORE, LOAD, mhsm_store_load),
    ENTRY(STORE, EOF, mhsm_store_eof),
    ENTRY(STORE, CLOSE, mhsm_store_close),
    ENTRY(STORE, EXPORT_OBJECT, mhsm_store_export_object),
    END,
};
