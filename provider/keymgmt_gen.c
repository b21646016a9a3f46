/* SPDX-License-Identifier: MIT
 *
 * Making keys.  A provider that manages RSA and EC keys is asked to make every
 * such key of the process as soon as it comes first, the ephemeral ones of TLS
 * included, so the generator makes software keys, by the default provider's
 * own code.  Must never make a key in the HSM but when the parameter mhsm-key
 * asks for it; see keymgmt_gen_hsm.c.
 */
#include "keymgmt.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "err.h"
#include "keymgmt_gen.h"
#include "local.h"

struct generator {
    struct mp_prov *prov;
    mhsm_key_type type;
    const char *name; /* OpenSSL's, of the type */
    int parameters_only;
    EVP_PKEY_CTX *ctx;
    struct mp_wish *wish;
    OSSL_CALLBACK *progress; /* during gen only */
    void *progress_arg;
};

void *mp_keymgmt_gen_init_type(struct mp_prov *prov, int selection,
                               const OSSL_PARAM params[], mhsm_key_type type,
                               const char *name)
{
    struct generator *gen = NULL;
    OSSL_LIB_CTX *libctx;
    struct mp_mark mark;
    int started = 0;

    if ((selection & (OSSL_KEYMGMT_SELECT_KEYPAIR |
                      OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS)) == 0)
        return NULL;
    mp_mark_set_keep(&mark);
    gen = OPENSSL_zalloc(sizeof(*gen));
    libctx = mp_local_libctx(prov);
    if (gen == NULL || libctx == NULL)
        goto out;
    gen->prov = prov;
    gen->type = type;
    gen->name = name;
    gen->parameters_only = (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0;
    gen->wish = mp_wish_new(prov, type, name);
    gen->ctx = EVP_PKEY_CTX_new_from_name(libctx, name, NULL);
    if (gen->ctx != NULL && gen->wish != NULL)
        started = gen->parameters_only ? EVP_PKEY_paramgen_init(gen->ctx) == 1
                                       : EVP_PKEY_keygen_init(gen->ctx) == 1;
out:
    if (!started) {
        mp_raise_local(prov, &mark, MP_R_LOCAL,
                       "cannot start to make a software key");
        mp_keymgmt_gen_cleanup(gen);
        return NULL;
    }
    mp_mark_drop(&mark);
    if (!mp_keymgmt_gen_set_params(gen, params)) {
        mp_keymgmt_gen_cleanup(gen);
        return NULL;
    }
    return gen;
}

void mp_keymgmt_gen_cleanup(void *genctx)
{
    struct generator *gen = genctx;

    if (gen == NULL)
        return;
    EVP_PKEY_CTX_free(gen->ctx);
    mp_wish_free(gen->wish);
    OPENSSL_free(gen);
}

int mp_keymgmt_gen_set_params(void *genctx, const OSSL_PARAM params[])
{
    struct generator *gen = genctx;
    struct mp_mark mark;

    if (gen == NULL)
        return 0;
    if (params == NULL || params[0].key == NULL)
        return 1;
    if (!mp_wish_set(gen->wish, params))
        return 0;
    mp_mark_set_keep(&mark);
    if (EVP_PKEY_CTX_set_params(gen->ctx, params) != 1) {
        mp_raise_local(gen->prov, &mark, MP_R_PARAMETER,
                       "the new software key cannot have this parameter");
        return 0;
    }
    mp_mark_drop(&mark);
    return 1;
}

/* What describes a group.  Not "group-check", which the generator of OpenSSL
 * 3.0 copies and never frees. */
static const char *const group_params[] = {
    OSSL_PKEY_PARAM_GROUP_NAME,    OSSL_PKEY_PARAM_EC_ENCODING,
    OSSL_PKEY_PARAM_EC_FIELD_TYPE, OSSL_PKEY_PARAM_EC_P,
    OSSL_PKEY_PARAM_EC_A,          OSSL_PKEY_PARAM_EC_B,
    OSSL_PKEY_PARAM_EC_GENERATOR,  OSSL_PKEY_PARAM_EC_ORDER,
    OSSL_PKEY_PARAM_EC_COFACTOR,   OSSL_PKEY_PARAM_EC_SEED,
};

#define GROUP_PARAMS (sizeof(group_params) / sizeof(group_params[0]))

static int take_group(struct generator *gen, const OSSL_PARAM *params)
{
    OSSL_PARAM group[GROUP_PARAMS + 1];
    size_t count = 0;

    for (size_t i = 0; i < GROUP_PARAMS; i++) {
        const OSSL_PARAM *param =
            OSSL_PARAM_locate_const(params, group_params[i]);

        if (param != NULL)
            group[count++] = *param;
    }
    group[count] = OSSL_PARAM_construct_end();
    return EVP_PKEY_CTX_set_params(gen->ctx, group) == 1;
}

/* libssl makes its ephemeral EC key in the group of a template. */
int mp_keymgmt_gen_set_template(void *genctx, void *template)
{
    struct generator *gen = genctx;
    const struct mp_key *key = template;
    OSSL_PARAM *params = NULL;
    struct mp_mark mark;
    int ok;

    if (gen == NULL || key == NULL || strcmp(key->name, gen->name) != 0)
        return 0;
    mp_mark_set_keep(&mark);
    ok = key->pkey != NULL &&
         EVP_PKEY_todata(key->pkey, EVP_PKEY_KEY_PARAMETERS, &params) == 1 &&
         take_group(gen, params);
    OSSL_PARAM_free(params);
    return mp_mark_end(gen->prov, &mark, ok, MP_R_LOCAL,
                       "the template key has no usable parameters");
}

static int report_progress(EVP_PKEY_CTX *ctx)
{
    struct generator *gen = EVP_PKEY_CTX_get_app_data(ctx);
    int potential = EVP_PKEY_CTX_get_keygen_info(ctx, 0);
    int iteration = EVP_PKEY_CTX_get_keygen_info(ctx, 1);
    OSSL_PARAM params[3];

    params[0] = OSSL_PARAM_construct_int(OSSL_GEN_PARAM_POTENTIAL, &potential);
    params[1] = OSSL_PARAM_construct_int(OSSL_GEN_PARAM_ITERATION, &iteration);
    params[2] = OSSL_PARAM_construct_end();
    return gen->progress(params, gen->progress_arg);
}

/* There is one step to report, and the last moment to change one's mind. */
static struct mp_key *make_in_hsm(struct generator *gen,
                                  OSSL_CALLBACK *callback, void *arg)
{
    int zero = 0;
    OSSL_PARAM params[3];

    if (gen->parameters_only) {
        mp_raise(gen->prov, MP_R_PARAMETER,
                 "%s makes a key, not parameters of one", MP_GEN_PARAM_KEY);
        return NULL;
    }
    params[0] = OSSL_PARAM_construct_int(OSSL_GEN_PARAM_POTENTIAL, &zero);
    params[1] = OSSL_PARAM_construct_int(OSSL_GEN_PARAM_ITERATION, &zero);
    params[2] = OSSL_PARAM_construct_end();
    if (callback != NULL && !callback(params, arg))
        return NULL;
    return mp_wish_make(gen->wish);
}

void *mp_keymgmt_gen(void *genctx, OSSL_CALLBACK *callback, void *arg)
{
    struct generator *gen = genctx;
    struct mp_key *key = NULL;
    struct mp_mark mark;

    if (gen == NULL)
        return NULL;
    if (mp_wish_is_made(gen->wish))
        return make_in_hsm(gen, callback, arg);
    if (!gen->parameters_only && !mp_prov_says(gen->prov, "local-keygen", 1)) {
        mp_raise(gen->prov, MP_R_PARAMETER,
                 "no key is made outside the HSM (option local-keygen): name "
                 "one to make in it with the parameter %s",
                 MP_GEN_PARAM_KEY);
        return NULL;
    }
    mp_mark_set_keep(&mark);
    key = mp_key_new_named(gen->prov, gen->type, gen->name);
    if (key == NULL)
        goto fail;
    if (callback != NULL) {
        gen->progress = callback;
        gen->progress_arg = arg;
        EVP_PKEY_CTX_set_app_data(gen->ctx, gen);
        EVP_PKEY_CTX_set_cb(gen->ctx, report_progress);
    }
    if (EVP_PKEY_generate(gen->ctx, &key->pkey) != 1)
        goto fail;
    key->has_public = key->has_private = !gen->parameters_only;
    mp_mark_drop(&mark);
    return key;
fail:
    mp_raise_local(gen->prov, &mark, MP_R_LOCAL, "cannot make a software key");
    mp_key_free(key);
    return NULL;
}
