/* SPDX-License-Identifier: MIT
 *
 * Comparing a key with its copy.  A name alone proves nothing: whoever made a
 * key of that name in the other HSM would sign in its place.
 */
#include "keys/twin.h"

#include <string.h>

#include "auth/session.h"
#include "base/error.h"
#include "keys/jwk.h"

enum { path_max = 512 };

static int same(const struct mhsmi_buf *a, const struct mhsmi_buf *b)
{
    return a->size == b->size &&
           (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static int is_twin(const mhsm_key *a, const mhsm_key *b)
{
    return a->type == b->type && a->curve == b->curve && a->set == b->set &&
           same(&a->n, &b->n) && same(&a->e, &b->e) && same(&a->x, &b->x) &&
           same(&a->y, &b->y) && same(&a->pub, &b->pub);
}

mhsm_status mhsmi_twin_check(mhsm_client *client, const mhsm_key *key,
                             const char *endpoint, int64_t deadline_ms,
                             mhsm_error **err)
{
    struct json_object *bundle = NULL;
    struct mhsmi_call call = {0};
    struct mhsmi_buf path, what;
    mhsm_key *twin = NULL;
    mhsm_status st;

    mhsmi_buf_init(&path, path_max);
    mhsmi_buf_init(&what, path_max);
    if (!mhsmi_buf_printf(&path, "/keys/%s/%s", key->name, key->version) ||
        !mhsmi_buf_printf(&what, "get key %s of %s", key->name, endpoint)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    call.method = "GET";
    call.endpoint = endpoint;
    call.path = mhsmi_buf_text(&path);
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.deadline_ms = deadline_ms;
    call.what = mhsmi_buf_text(&what);
    call.action = "Microsoft.KeyVault/managedHsm/keys/read/action";
    st = mhsmi_session_call(mhsmi_client_session(client), &call, &bundle, err);
    if (st == MHSM_OK)
        st = mhsmi_jwk_parse(endpoint, bundle, &twin, err);
    if (st == MHSM_OK)
        st = mhsmi_jwk_is(twin, key->name, key->version, err);
    if (st == MHSM_OK && !is_twin(key, twin)) {
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "key %s of %s is another key than that of %s",
                         key->name, endpoint, key->endpoint);
        mhsmi_error_set_hint(err, "restore the second HSM from a backup of the "
                                  "first");
    }
out:
    mhsm_key_free(twin);
    json_object_put(bundle);
    mhsmi_buf_clear(&path);
    mhsmi_buf_clear(&what);
    return st;
}
