/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: making keys and parameters, and what a new key says of
 * itself.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void write_check(struct ord *o, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);

    ord_result(o, EVP_PKEY_check(ctx), "check");
    ord_result(o, EVP_PKEY_pairwise_check(ctx), "pairwise");
    ord_result(o, EVP_PKEY_public_check(ctx), "public");
    ord_result(o, EVP_PKEY_private_check(ctx), "private");
    ord_result(o, EVP_PKEY_param_check(ctx), "parameters");
    EVP_PKEY_CTX_free(ctx);
}

/* What does not hang on the numbers. */
static void write_properties(struct ord *o, EVP_PKEY *key)
{
    char text[128] = "";
    size_t size = 0;
    int nid = 0, result;

    ord_text(o, "type %s id %d base %d bits %d security %d size %d",
             EVP_PKEY_get0_type_name(key), EVP_PKEY_get_id(key),
             EVP_PKEY_get_base_id(key), EVP_PKEY_get_bits(key),
             EVP_PKEY_get_security_bits(key), EVP_PKEY_get_size(key));
    ord_text(o, "can sign %d, lacks parameters %d", EVP_PKEY_can_sign(key),
             EVP_PKEY_missing_parameters(key));
    result = EVP_PKEY_get_group_name(key, text, sizeof(text), &size);
    ord_result(o, result, "group %s", text);
    text[0] = '\0';
    result = EVP_PKEY_get_default_digest_name(key, text, sizeof(text));
    ord_result(o, result, "digest %s", text);
    result = EVP_PKEY_get_default_digest_nid(key, &nid);
    ord_result(o, result, "digest %d", nid);
    ord_names(o, "gettable", EVP_PKEY_gettable_params(key));
    ord_names(o, "settable", EVP_PKEY_settable_params(key));
}

static void keys_by_recipe(struct ord *o)
{
    const struct ord_recipe *recipe;

    for (recipe = ord_recipes; recipe->name != NULL; recipe++) {
        EVP_PKEY *key = ord_generate(o->lib, recipe);

        if (ord_has(recipe->name))
            ord_good(o, key != NULL, "%s", recipe->name);
        else
            ord_result(o, key != NULL, "%s", recipe->name);
        if (key != NULL) {
            write_properties(o, key);
            write_check(o, key);
        }
        EVP_PKEY_free(key);
    }
}

/* The short ways. */
static void keys_by_function(struct ord *o)
{
    static const char *const types[] = {"X25519", "X448", "ED25519",
                                        "ED448",  "SM2",  "nothing"};
    EVP_PKEY *made[] = {
        EVP_PKEY_Q_keygen(o->lib, NULL, "RSA", (size_t)1024),
        EVP_PKEY_Q_keygen(o->lib, NULL, "EC", "prime256v1"),
        EVP_PKEY_Q_keygen(o->lib, NULL, "EC", "brainpoolP320r1"),
    };
    size_t i;

    for (i = 0; i < COUNT(made); i++) {
        if (ord_good(o, made[i] != NULL, "%zu", i))
            write_properties(o, made[i]);
        EVP_PKEY_free(made[i]);
    }
    for (i = 0; i < COUNT(types); i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(o->lib, NULL, types[i]);

        if (ord_result(o, key != NULL, "%s", types[i]))
            write_properties(o, key);
        EVP_PKEY_free(key);
    }
}

static int count_steps(EVP_PKEY_CTX *ctx)
{
    int *steps = EVP_PKEY_CTX_get_app_data(ctx);

    *steps += 1;
    return 1;
}

static int refuse_step(EVP_PKEY_CTX *ctx)
{
    (void)ctx;
    return 0;
}

static void progress(struct ord *o)
{
    EVP_PKEY_gen_cb *const callbacks[] = {count_steps, refuse_step};
    size_t i;

    for (i = 0; i < COUNT(callbacks); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, "RSA", NULL);
        EVP_PKEY *key = NULL;
        int steps = 0;

        ord_good(o, EVP_PKEY_keygen_init(ctx), "init");
        ord_good(o, EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024), "bits");
        EVP_PKEY_CTX_set_app_data(ctx, &steps);
        EVP_PKEY_CTX_set_cb(ctx, callbacks[i]);
        ord_result(o, EVP_PKEY_generate(ctx, &key), "callback %zu", i);
        ord_text(o, "steps %d, key %d", steps > 0, key != NULL);
        EVP_PKEY_free(key);
        EVP_PKEY_CTX_free(ctx);
    }
}

/* What the generators take and refuse. */
static void settings(struct ord *o)
{
    static const struct {
        const char *type, *option, *value;
    } rows[] = {
        {"RSA", "rsa_keygen_bits", "1"},
        {"RSA", "rsa_keygen_bits", "511"},
        {"RSA", "rsa_keygen_bits", "many"},
        {"RSA", "rsa_keygen_pubexp", "4"},
        {"RSA", "rsa_keygen_pubexp", "1"},
        {"RSA", "rsa_keygen_primes", "1"},
        {"RSA", "rsa_keygen_primes", "99"},
        {"RSA", "rsa_pss_keygen_md", "sha256"},
        {"RSA", "ec_paramgen_curve", "P-256"},
        {"RSA", "nothing", "0"},
        {"RSA-PSS", "rsa_pss_keygen_md", "nothing"},
        {"RSA-PSS", "rsa_pss_keygen_mgf1_md", "nothing"},
        {"RSA-PSS", "rsa_pss_keygen_saltlen", "-7"},
        {"EC", "ec_paramgen_curve", "P-1"},
        {"EC", "ec_paramgen_curve", "X25519"},
        {"EC", "ec_param_enc", "nothing"},
        {"EC", "group", "secp521r1"},
        {"EC", "point-format", "compressed"},
        {"EC", "point-format", "nothing"},
        {"EC", "rsa_keygen_bits", "2048"},
        {"EC", "nothing", "0"},
        {"X25519", "group", "x25519"},
        {"X25519", "group", "P-256"},
        {"DH", "group", "nothing"},
        {"ED25519", "nothing", "0"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_name(o->lib, rows[i].type, NULL);
        EVP_PKEY *key = NULL;

        ord_good(o, EVP_PKEY_keygen_init(ctx), "%s", rows[i].type);
        ord_names(o, "settable", EVP_PKEY_CTX_settable_params(ctx));
        ord_result(o, EVP_PKEY_CTX_ctrl_str(ctx, rows[i].option, rows[i].value),
                   "%s %s", rows[i].option, rows[i].value);
        if (strcmp(rows[i].type, "EC") == 0)
            ord_result(o, EVP_PKEY_keygen(ctx, &key), "and then");
        EVP_PKEY_free(key);
        EVP_PKEY_CTX_free(ctx);
    }
}

/* Generators asked for what they do not do. */
static void wrong_ways(struct ord *o)
{
    static const char *const types[] = {"RSA", "RSA-PSS", "EC",   "X25519",
                                        "DH",  "DSA",     "ED448"};
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, types[i], NULL);
        EVP_PKEY *key = NULL;

        ord_result(o, EVP_PKEY_keygen(ctx, &key), "%s not begun", types[i]);
        ord_result(o, EVP_PKEY_sign_init(ctx), "sign without a key");
        ord_result(o, EVP_PKEY_paramgen_init(ctx), "parameters");
        EVP_PKEY_CTX_free(ctx);
    }
}

/* Parameters alone, and keys on the parameters of others. */
static void parameters(struct ord *o)
{
    static const char *const curves[] = {"P-256", "P-521", "secp256k1",
                                         "brainpoolP384r1", "sect283k1"};
    size_t i;

    for (i = 0; i < COUNT(curves); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, "EC", NULL);
        EVP_PKEY *alone = NULL, *key = NULL, *other = EVP_PKEY_new();

        ord_good(o, EVP_PKEY_paramgen_init(ctx), "init");
        ord_good(o, EVP_PKEY_CTX_set_group_name(ctx, curves[i]), "%s",
                 curves[i]);
        ord_good(o, EVP_PKEY_paramgen(ctx, &alone), "paramgen");
        EVP_PKEY_CTX_free(ctx);
        write_properties(o, alone);
        write_check(o, alone);
        ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, alone, NULL);
        ord_good(o, EVP_PKEY_keygen_init(ctx), "keygen init");
        ord_good(o, EVP_PKEY_keygen(ctx, &key), "keygen");
        write_properties(o, key);
        ord_result(o, EVP_PKEY_parameters_eq(alone, key), "parameters eq");
        ord_result(o, EVP_PKEY_eq(alone, key), "eq");
        ord_result(o, EVP_PKEY_copy_parameters(other, key), "copy");
        ord_result(o, EVP_PKEY_parameters_eq(alone, other), "copied");
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(alone);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

const struct ord_case ord_make_cases[] = {
    {"keys by recipe", keys_by_recipe},
    {"keys by function", keys_by_function},
    {"progress of generation", progress},
    {"settings of generators", settings},
    {"generators asked wrongly", wrong_ways},
    {"parameters", parameters},
    {NULL, NULL},
};
