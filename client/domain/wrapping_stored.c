/* SPDX-License-Identifier: MIT
 *
 * Keys that an OpenSSL provider keeps, such as on a PKCS#11 token: found by its
 * store, used where they are.  In a context apart, which openssl.cnf sets up as
 * it does for any program.
 */
#include <string.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "domain/wrapping.h"

/* Who is asked for a PIN, and what became of that. */
struct asked {
    mhsm_wrapping_password ask;
    void *context;
    mhsm_status st;
    mhsm_error *err;
};

static int give_password(char *buffer, int size, int writing, void *context)
{
    struct asked *asked = context;

    (void)writing;
    if (asked->ask == NULL || size <= 0 || asked->st != MHSM_OK)
        return -1;
    asked->st = asked->ask(asked->context, buffer, (size_t)size, &asked->err);
    return asked->st == MHSM_OK ? (int)strlen(buffer) : -1;
}

/* OpenSSL's last word on it. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    return text != NULL ? text : "OpenSSL does not say why";
}

static mhsm_status open_context(mhsm_wrapping_key *key, const char *provider,
                                mhsm_error **err)
{
    mhsm_status st = mhsmi_private_context_open(&key->context, err);

    if (st != MHSM_OK)
        return st;
    if (CONF_modules_load_file_ex(key->context.lib, NULL, NULL,
                                  CONF_MFLAGS_IGNORE_MISSING_FILE) <= 0)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "openssl.cnf cannot be used: %s", reason());
    key->keeper = OSSL_PROVIDER_load(key->context.lib, provider);
    if (key->keeper != NULL)
        return MHSM_OK;
    st = mhsmi_error(err, MHSM_ERR_CONFIG,
                     "the OpenSSL provider %s cannot be loaded: %s", provider,
                     reason());
    mhsmi_error_set_hint(err,
                         "its module belongs into OpenSSL's folder of "
                         "modules, or its path into openssl.cnf; try "
                         "openssl list -providers -provider %s",
                         provider);
    return st;
}

/* The only private key in it. */
static mhsm_status load_key(mhsm_wrapping_key *key, OSSL_STORE_CTX *store,
                            mhsm_error **err)
{
    OSSL_STORE_INFO *info;
    int count = 0;

    while (!OSSL_STORE_eof(store)) {
        info = OSSL_STORE_load(store);
        if (info == NULL && OSSL_STORE_error(store))
            break;
        if (info != NULL &&
            OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY &&
            count++ == 0)
            key->pkey = OSSL_STORE_INFO_get1_PKEY(info);
        OSSL_STORE_INFO_free(info);
    }
    if (count == 1 && key->pkey != NULL)
        return MHSM_OK;
    if (count > 1)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "it names more than one private key");
    return mhsmi_error(err, MHSM_ERR_ARGUMENT, "it gives no private key: %s",
                       reason());
}

static mhsm_status open_key(mhsm_wrapping_key *key, const char *uri,
                            struct asked *asked, mhsm_error **err)
{
    UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_password, 0);
    OSSL_STORE_CTX *store = NULL;
    mhsm_status st;

    if (ui == NULL)
        return mhsmi_error_memory(err);
    store = OSSL_STORE_open_ex(uri, key->context.lib, NULL, ui, asked, NULL,
                               NULL, NULL);
    if (store != NULL && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1)
        st = load_key(key, store, err);
    else
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "OpenSSL's store does not open it: %s", reason());
    (void)OSSL_STORE_close(store);
    UI_destroy_method(ui);
    return st;
}

/* That nobody could be asked says more than what came of it. */
static mhsm_status prefer(struct asked *asked, mhsm_status st, mhsm_error **err)
{
    if (st == MHSM_OK || asked->st == MHSM_OK) {
        mhsm_error_free(&asked->err);
        return st;
    }
    if (err != NULL) {
        mhsm_error_free(err);
        *err = asked->err;
    } else {
        mhsm_error_free(&asked->err);
    }
    return asked->st;
}

static mhsm_status
find_certificate(mhsm_wrapping_key *key,
                 const mhsm_wrapping_certificate *const *certificates,
                 size_t count, mhsm_error **err)
{
    size_t i;

    for (i = 0; i < count; i++) {
        EVP_PKEY *certified =
            mhsmi_wrapping_public_key(certificates[i], key->context.lib);
        int same = certified != NULL && EVP_PKEY_eq(key->pkey, certified) == 1;

        EVP_PKEY_free(certified);
        if (same)
            return mhsm_wrapping_certificate_decode(certificates[i]->der.data,
                                                    certificates[i]->der.size,
                                                    &key->certificate, err);
    }
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "none of the %zu certificates is of this key", count);
}

mhsm_status mhsm_wrapping_key_stored(
    const char *provider, const char *uri, mhsm_wrapping_password password,
    void *context, const mhsm_wrapping_certificate *const *certificates,
    size_t count, mhsm_wrapping_key **key, mhsm_error **err)
{
    struct asked asked = {password, context, MHSM_OK, NULL};
    mhsm_wrapping_key *made;
    mhsm_status st;

    if (provider == NULL || uri == NULL || key == NULL ||
        (certificates == NULL && count != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a stored key needs a provider and a URI");
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    (void)ERR_set_mark();
    if ((st = open_context(made, provider, err)) == MHSM_OK &&
        (st = prefer(&asked, open_key(made, uri, &asked, err), err)) == MHSM_OK)
        st = find_certificate(made, certificates, count, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *key = made;
    else
        mhsm_wrapping_key_free(made);
    return st;
}
