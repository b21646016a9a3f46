/* SPDX-License-Identifier: MIT
 *
 * The private library context.  Made at the first use, by whichever thread
 * comes first, and without a lock: two threads may both make one, and one of
 * them throws its own away.  A lock could be held by another thread at the
 * moment of a fork, and the child would wait for it for ever.  Must never load
 * a configuration file, which could name this provider again.
 */
#include "local.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "err.h"
#include "host.h"
#include "params.h"

/* A digest that was fetched by this name and no properties.  They are few, and
 * a fetch is much of what a signature costs besides its request. */
struct digest {
    struct digest *next;
    EVP_MD *md;
    char name[MP_NAME_SIZE];
};

enum { digests_max = 16 };

struct mp_local {
    OSSL_LIB_CTX *libctx;
    OSSL_PROVIDER *provider;
    _Atomic(OSSL_PROVIDER *) legacy; /* NULL until first used */
    _Atomic(struct digest *) digests;
    atomic_int digest_count;
};

static void local_free(struct mp_local *local)
{
    struct digest *digest, *next;

    if (local == NULL)
        return;
    for (digest = atomic_load(&local->digests); digest != NULL; digest = next) {
        next = digest->next;
        EVP_MD_free(digest->md);
        OPENSSL_free(digest);
    }
    if (atomic_load(&local->legacy) != NULL)
        OSSL_PROVIDER_unload(atomic_load(&local->legacy));
    if (local->provider != NULL)
        OSSL_PROVIDER_unload(local->provider);
    OSSL_LIB_CTX_free(local->libctx);
    OPENSSL_free(local);
}

#ifdef OSSL_PKEY_PARAM_ML_DSA_RETAIN_SEED
/* How the program wants ML-DSA keys kept and written is a matter of settings
 * that it gives to its default provider; ours gets the same. */
static void take_settings(const struct mp_prov *prov, OSSL_PROVIDER *provider)
{
    struct mp_host_setting settings[] = {
        {OSSL_PKEY_PARAM_ML_DSA_RETAIN_SEED, ""},
        {OSSL_PKEY_PARAM_ML_DSA_PREFER_SEED, ""},
        {OSSL_PKEY_PARAM_ML_DSA_INPUT_FORMATS, ""},
        {OSSL_PKEY_PARAM_ML_DSA_OUTPUT_FORMATS, ""},
    };
    size_t count = sizeof(settings) / sizeof(settings[0]);

    mp_host_settings(prov, "default", settings, count);
    for (size_t i = 0; i < count; i++)
        if (settings[i].value[0] != '\0')
            (void)OSSL_PROVIDER_add_conf_parameter(provider, settings[i].name,
                                                   settings[i].value);
}
#endif

static struct mp_local *local_new(const struct mp_prov *prov)
{
    struct mp_local *local = OPENSSL_zalloc(sizeof(*local));

    if (local == NULL)
        return NULL;
    atomic_init(&local->legacy, NULL);
    atomic_init(&local->digests, NULL);
    atomic_init(&local->digest_count, 0);
    local->libctx = OSSL_LIB_CTX_new();
    if (local->libctx != NULL)
        local->provider = OSSL_PROVIDER_load(local->libctx, "default");
    if (local->provider == NULL) {
        local_free(local);
        return NULL;
    }
#ifdef OSSL_PKEY_PARAM_ML_DSA_RETAIN_SEED
    take_settings(prov, local->provider);
#else
    (void)prov; /* there is nothing to set */
#endif
    return local;
}

static struct mp_local *local_get(struct mp_prov *prov)
{
    struct mp_local *local = atomic_load(&prov->local);
    struct mp_local *mine;

    if (local != NULL)
        return local;
    mine = local_new(prov);
    if (mine == NULL)
        return NULL;
    if (atomic_compare_exchange_strong(&prov->local, &local, mine))
        return mine;
    local_free(mine);
    return local;
}

OSSL_LIB_CTX *mp_local_libctx(struct mp_prov *prov)
{
    struct mp_local *local = local_get(prov);

    return local == NULL ? NULL : local->libctx;
}

OSSL_PROVIDER *mp_local_provider(struct mp_prov *prov)
{
    struct mp_local *local = local_get(prov);

    return local == NULL ? NULL : local->provider;
}

void mp_local_free(struct mp_prov *prov)
{
    local_free(atomic_exchange(&prov->local, NULL));
}

/* Load `legacy` here too when the program has it; two threads may both do so.
 */
static int take_legacy(struct mp_prov *prov)
{
    struct mp_local *local = local_get(prov);
    OSSL_PROVIDER *loaded, *none = NULL;

    if (local == NULL || !mp_host_has(prov, "legacy"))
        return 0;
    loaded = OSSL_PROVIDER_load(local->libctx, "legacy");
    if (loaded != NULL &&
        !atomic_compare_exchange_strong(&local->legacy, &none, loaded))
        OSSL_PROVIDER_unload(loaded);
    return loaded != NULL;
}

/* One more reference; NULL: it is not kept. */
static EVP_MD *kept_digest(struct mp_local *local, const char *name)
{
    struct digest *digest = atomic_load(&local->digests);

    while (digest != NULL && strcmp(digest->name, name) != 0)
        digest = digest->next;
    return digest != NULL && EVP_MD_up_ref(digest->md) ? digest->md : NULL;
}

/* Two threads may keep the same one twice. */
static void keep_digest(struct mp_local *local, const char *name, EVP_MD *md)
{
    struct digest *digest;

    if (strlen(name) >= MP_NAME_SIZE ||
        atomic_load(&local->digest_count) >= digests_max ||
        atomic_fetch_add(&local->digest_count, 1) >= digests_max ||
        (digest = OPENSSL_zalloc(sizeof(*digest))) == NULL)
        return;
    if (!EVP_MD_up_ref(md)) {
        OPENSSL_free(digest);
        return;
    }
    digest->md = md;
    OPENSSL_strlcpy(digest->name, name, sizeof(digest->name));
    digest->next = atomic_load(&local->digests);
    while (
        !atomic_compare_exchange_weak(&local->digests, &digest->next, digest))
        continue;
}

static EVP_MD *fetch_digest(struct mp_prov *prov, const char *name,
                            const char *propq)
{
    struct mp_local *local = local_get(prov);
    struct mp_mark mark;
    EVP_MD *md = NULL;

    if (local == NULL)
        return NULL;
    mp_mark_set(&mark);
    md = EVP_MD_fetch(local->libctx, name, propq);
    if (md == NULL && take_legacy(prov))
        md = EVP_MD_fetch(local->libctx, name, propq);
    mp_mark_drop(&mark);
    return md;
}

EVP_MD *mp_local_digest(struct mp_prov *prov, const char *name,
                        const char *propq)
{
    struct mp_local *local = local_get(prov);
    EVP_MD *md =
        local != NULL && propq == NULL ? kept_digest(local, name) : NULL;

    if (md != NULL)
        return md;
    md = fetch_digest(prov, name, propq);
    if (md == NULL) {
        mp_raise(prov, MP_R_DIGEST, "digest %.64s%s%.64s is not available",
                 name, propq == NULL ? "" : " with properties ",
                 propq == NULL ? "" : propq);
        return NULL;
    }
    if ((EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF) != 0) {
        EVP_MD_free(md);
        mp_raise(prov, MP_R_DIGEST,
                 "digest %.64s has no fixed size and cannot be signed", name);
        return NULL;
    }
    if (propq == NULL)
        keep_digest(local, name, md);
    return md;
}

EVP_PKEY_CTX *mp_local_ctx(struct mp_prov *prov, EVP_PKEY *pkey)
{
    OSSL_LIB_CTX *libctx = mp_local_libctx(prov);

    if (libctx == NULL || pkey == NULL)
        return NULL;
    return EVP_PKEY_CTX_new_from_pkey(libctx, pkey, NULL);
}

const char *mp_local_type_name(mhsm_key_type type)
{
    static const struct {
        mhsm_key_type type;
        const char *name;
    } names[] = {
        {MHSM_KEY_RSA, "RSA"},
        {MHSM_KEY_EC, "EC"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

EVP_PKEY *mp_local_import(struct mp_prov *prov, const char *name, int selection,
                          const OSSL_PARAM params[])
{
    OSSL_LIB_CTX *libctx = mp_local_libctx(prov);
    EVP_PKEY_CTX *ctx = NULL;
    OSSL_PARAM *copy = NULL;
    EVP_PKEY *pkey = NULL;
    size_t count = 0;

    if (libctx == NULL || params == NULL)
        return NULL;
    while (params[count].key != NULL)
        count++;
    /* EVP_PKEY_fromdata takes no const parameters.  The values, which may be
     * private, are not copied. */
    copy = OPENSSL_memdup(params, (count + 1) * sizeof(*params));
    ctx = EVP_PKEY_CTX_new_from_name(libctx, name, NULL);
    if (copy == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, selection, copy) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OPENSSL_free(copy);
    return pkey;
}

EVP_PKEY *mp_local_copy(struct mp_prov *prov, const char *name,
                        const EVP_PKEY *pkey, int selection)
{
    OSSL_PARAM *params = NULL;
    EVP_PKEY *copy = NULL;

    if (EVP_PKEY_todata(pkey, selection, &params) == 1)
        copy = mp_local_import(prov, name, selection, params);
    OSSL_PARAM_free(params);
    return copy;
}
