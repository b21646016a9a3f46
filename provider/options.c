/* SPDX-License-Identifier: MIT
 *
 * Reading the options, when the module is loaded: openssl.cnf's section, then
 * the environment.  Does no I/O but to look for misspelt names in openssl.cnf.
 *
 * A wrong option makes loading fail with one clear error.  But OpenSSL 3.0
 * drops what goes wrong while openssl.cnf activates a provider, and a program
 * would go on without us, or load us again without the section's options.  So
 * when openssl.cnf activates us, we stay, with status 0, and the first use of a
 * key says what is wrong.
 */
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

#include "cache.h"
#include "err.h"

const char *mp_prov_section_value(const struct mp_prov *prov, const char *name)
{
    const char *value = NULL;
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_utf8_ptr(name, NULL, 0);
    params[0].data = &value;
    params[1] = OSSL_PARAM_construct_end();
    if (prov->get_params == NULL || !prov->get_params(prov->handle, params))
        return NULL;
    return value;
}

const char *mp_prov_option(const struct mp_prov *prov, const char *name)
{
    if (prov->client == NULL)
        return NULL;
    return mhsm_config_get(mhsm_client_config(prov->client), name);
}

int mp_prov_says(const struct mp_prov *prov, const char *name, int otherwise)
{
    if (prov->client == NULL)
        return otherwise;
    return mhsm_config_get_boolean(mhsm_client_config(prov->client), name);
}

static mhsm_status read_options(const struct mp_prov *prov, mhsm_config *config,
                                mhsm_error **err)
{
    const mhsm_option *option;
    mhsm_status status;

    for (size_t i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        const char *value = mp_prov_section_value(prov, option->name);

        if (value == NULL)
            continue;
        status =
            mhsm_config_set(config, option->name, value, MHSM_ORIGIN_FILE, err);
        if (status != MHSM_OK)
            return status;
    }
    return mhsm_config_set_environment(config, err);
}

/* What options need made beforehand; 0 when out of memory. */
static int make_ready(struct mp_prov *prov)
{
    long ttl;

    prov->pkcs1_decryption = mp_prov_says(prov, "pkcs1-decryption", 0);
    if (mp_prov_says(prov, "assume-fips", 0) &&
        !mp_algorithms_assume_fips(prov))
        return 0;
    ttl =
        mhsm_config_get_long(mhsm_client_config(prov->client), "key-cache-ttl");
    return ttl == 0 || mp_cache_new(prov, ttl);
}

int mp_prov_configure(struct mp_prov *prov)
{
    int by_file = mp_prov_section_value(prov, "activate") != NULL;
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;
    mhsm_status status = MHSM_ERR_MEMORY;
    const char *text = "out of memory";
    int usable = 0;

    if (config == NULL)
        goto out;
    status = read_options(prov, config, &err);
    if (status == MHSM_OK)
        prov->failure = mp_section_complaint(prov);
    if (status == MHSM_OK && prov->failure == NULL)
        status = mhsm_client_new(config, &prov->client, &err);
    if (prov->failure != NULL) {
        usable = by_file;
    } else if (status == MHSM_OK) {
        usable = make_ready(prov);
    } else if (by_file) {
        prov->failure = OPENSSL_strdup(mhsm_error_text(err));
        usable = prov->failure != NULL;
    }
out:
    /* Our own reason strings are registered only after this. */
    if (err != NULL)
        text = mhsm_error_text(err);
    else if (prov->failure != NULL)
        text = prov->failure;
    if (!usable)
        mp_raise(prov, ERR_PACK(ERR_LIB_PROV, 0, PROV_R_INVALID_CONFIG_DATA),
                 "mhsm: %s", text);
    mhsm_error_free(&err);
    mhsm_config_free(config);
    return usable;
}
