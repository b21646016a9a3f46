/* SPDX-License-Identifier: MIT
 *
 * Keys and algorithms named on the command line or in a result.  A result may
 * come from anywhere: it must never send a request to a key that the person
 * did not mean.
 */
#include <string.h>

#include "cli/keyref.h"

static int same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The URI to use, of the one typed and the one that the result names. */
static mhsm_status reconcile(const mhsm_uri *typed, const mhsm_uri *named,
                             const mhsm_uri **use, mhsm_error **err)
{
    if (!same(mhsm_uri_endpoint(typed), mhsm_uri_endpoint(named)) ||
        !same(mhsm_uri_name(typed), mhsm_uri_name(named)) ||
        (mhsm_uri_version(typed) != NULL &&
         !same(mhsm_uri_version(typed), mhsm_uri_version(named))))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the input was made with %s, not with %s",
                           mhsm_uri_text(named), mhsm_uri_text(typed));
    *use = named;
    return MHSM_OK;
}

mhsm_status cli_get_key(const struct cli *cli,
                        const struct cli_envelope *envelope, mhsm_key **key,
                        mhsm_error **err)
{
    const char *kid = envelope != NULL ? envelope->kid : NULL;
    int is_typed = cli->values[CLI_ID] != NULL ||
                   cli->values[CLI_NAME] != NULL || kid == NULL;
    mhsm_uri *typed = NULL, *named = NULL;
    const mhsm_uri *use = NULL;
    mhsm_status st = MHSM_OK;

    if (is_typed)
        st = cli_target(cli, CLI_TARGET_KEY, &typed, err);
    use = typed;
    if (st == MHSM_OK && kid != NULL) {
        st = mhsm_uri_parse(cli->client, kid, &named, err);
        if (st == MHSM_OK && mhsm_uri_name(named) == NULL)
            st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                             "the input's kid %s names no key", kid);
        else if (st == MHSM_OK && is_typed)
            st = reconcile(typed, named, &use, err);
        else
            use = named;
    }
    if (st == MHSM_OK)
        st = mhsm_key_get(cli->client, use, key, err);
    mhsm_uri_free(typed);
    mhsm_uri_free(named);
    return st;
}

struct preference {
    mhsm_key_type type;
    mhsm_curve curve;
    unsigned int bits; /* 0: whatever the key has */
    unsigned int operations;
    const char *algorithm;
};

enum {
    SIGNING = MHSM_OP_SIGN | MHSM_OP_VERIFY,
    SEALING = MHSM_OP_ENCRYPT | MHSM_OP_DECRYPT,
    WRAPPING = MHSM_OP_WRAP | MHSM_OP_UNWRAP
};

/* The service does not tell the size of an AES key: 256 bits is what it makes
 * when not asked for another. */
static const struct preference preferences[] = {
    {MHSM_KEY_RSA, MHSM_CURVE_NONE, 0, SIGNING, "PS256"},
    {MHSM_KEY_RSA, MHSM_CURVE_NONE, 0, SEALING | WRAPPING, "RSA-OAEP-256"},
    {MHSM_KEY_EC, MHSM_CURVE_P256, 0, SIGNING, "ES256"},
    {MHSM_KEY_EC, MHSM_CURVE_P384, 0, SIGNING, "ES384"},
    {MHSM_KEY_EC, MHSM_CURVE_P521, 0, SIGNING, "ES512"},
    {MHSM_KEY_EC, MHSM_CURVE_P256K, 0, SIGNING, "ES256K"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 0, SIGNING, "HS256"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 128, SEALING, "A128GCM"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 192, SEALING, "A192GCM"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 0, SEALING, "A256GCM"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 128, WRAPPING, "A128KW"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 192, WRAPPING, "A192KW"},
    {MHSM_KEY_OCT, MHSM_CURVE_NONE, 0, WRAPPING, "A256KW"},
};

static const char *preferred(const mhsm_key *key, unsigned int operation)
{
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);
    size_t i;

    if (set != NULL)
        return set->name;
    for (i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++) {
        const struct preference *row = &preferences[i];

        if (row->type == mhsm_key_get_type(key) &&
            row->curve == mhsm_key_curve(key) &&
            (row->bits == 0 || row->bits == mhsm_key_bits(key)) &&
            (row->operations & operation) != 0)
            return row->algorithm;
    }
    return NULL;
}

static int fits(const mhsm_algorithm *algorithm, const mhsm_key *key,
                unsigned int operation)
{
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);

    return algorithm->type == mhsm_key_get_type(key) &&
           (set == NULL || strcmp(algorithm->name, set->name) == 0) &&
           (algorithm->operations & operation) != 0 &&
           (algorithm->curve == MHSM_CURVE_NONE ||
            algorithm->curve == mhsm_key_curve(key)) &&
           (algorithm->key_bits == 0 || mhsm_key_bits(key) == 0 ||
            algorithm->key_bits == mhsm_key_bits(key));
}

/* Tell which algorithms there are. */
static mhsm_status refuse(const char *name, const mhsm_key *key,
                          unsigned int operation, mhsm_error **err)
{
    const mhsm_algorithm *row;
    struct mhsmi_buf names;
    size_t i;
    int ok = 1;

    mhsmi_buf_init(&names, 1024);
    for (i = 0; ok && (row = mhsm_algorithm_at(i)) != NULL; i++)
        if (fits(row, key, operation))
            ok = mhsmi_buf_printf(&names, "%s%s", names.size ? ", " : "",
                                  row->name);
    mhsmi_error(err, MHSM_ERR_UNSUPPORTED, "key %s (%s) cannot %s%s%s",
                mhsm_key_name(key), mhsm_key_type_name(mhsm_key_get_type(key)),
                mhsm_operation_name(operation), name != NULL ? " with " : "",
                name != NULL ? name : "");
    if (names.size > 0)
        mhsmi_error_set_hint(err, "its algorithms for that: %s",
                             mhsmi_buf_text(&names));
    mhsmi_buf_clear(&names);
    return MHSM_ERR_UNSUPPORTED;
}

mhsm_status cli_get_algorithm(const struct cli *cli,
                              const struct cli_envelope *envelope,
                              const mhsm_key *key, unsigned int operation,
                              const mhsm_algorithm **algorithm,
                              mhsm_error **err)
{
    const char *name = cli->values[CLI_ALGORITHM];
    const mhsm_algorithm *found;

    if (name == NULL && envelope != NULL)
        name = envelope->alg;
    if (name == NULL)
        name = preferred(key, operation);
    found = name != NULL ? mhsm_algorithm_find(name) : NULL;
    if (found == NULL || !fits(found, key, operation))
        return refuse(name, key, operation, err);
    *algorithm = found;
    return MHSM_OK;
}
