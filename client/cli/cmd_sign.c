/* SPDX-License-Identifier: MIT
 *
 * mhsm sign, mhsm verify.  The file is hashed here, so that its content stays
 * here (ML-DSA: to mu, which stands for it); only for HMAC, which the HSM
 * computes over the message, it does not.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/ecdsa.h"
#include "base/json.h"
#include "cli/file.h"
#include "cli/keyref.h"
#include "cli/local.h"
#include "cli/out.h"

static mhsm_status typed_digest(const struct cli *cli,
                                const mhsm_algorithm *algorithm,
                                struct mhsmi_buf *material, mhsm_error **err)
{
    size_t wanted =
        algorithm->type == MHSM_KEY_AKP ? MHSM_MU_SIZE : algorithm->digest_size;
    mhsm_status st;

    if (cli_input_path(cli) != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--digest and a file: only one input");
    st = cli_hex_option(cli, CLI_DIGEST, "--digest", material, err);
    if (st == MHSM_OK && material->size != wanted)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--digest has %zu octets, but %s takes %zu",
                         material->size, algorithm->name, wanted);
    return st;
}

static mhsm_status get_mu(const struct cli *cli, const mhsm_key *key,
                          struct mhsmi_buf *mu, mhsm_error **err)
{
    struct mhsmi_buf context;
    mhsm_status st;

    mhsmi_buf_init(&context, MHSM_CONTEXT_SIZE_MAX);
    st = cli_hex_option(cli, CLI_CONTEXT, "--context", &context, err);
    if (st == MHSM_OK)
        st = cli_local_mu(key, &context, cli_input_path(cli), mu, err);
    mhsmi_buf_clear(&context);
    return st;
}

/* What goes to the HSM: the digest, or with some algorithms the message. */
static mhsm_status get_material(const struct cli *cli, const mhsm_key *key,
                                const mhsm_algorithm *algorithm,
                                struct mhsmi_buf *material, mhsm_error **err)
{
    int is_akp = algorithm->type == MHSM_KEY_AKP;
    int takes_message = algorithm->type == MHSM_KEY_OCT ||
                        (algorithm->digest == NULL && !is_akp);

    if (cli->values[CLI_CONTEXT] != NULL && !is_akp)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--context is for ML-DSA, not for %s",
                           algorithm->name);
    if (cli->values[CLI_CONTEXT] != NULL && cli->values[CLI_DIGEST] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--context and --digest: mu holds the context "
                           "already");
    if (takes_message && cli->values[CLI_DIGEST] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s takes the message itself, not a digest",
                           algorithm->name);
    if (takes_message)
        return cli_file_slurp(cli_input_path(cli), material, err);
    if (cli->values[CLI_DIGEST] != NULL)
        return typed_digest(cli, algorithm, material, err);
    if (is_akp)
        return get_mu(cli, key, material, err);
    return cli_local_digest(algorithm->digest, cli_input_path(cli), material,
                            err);
}

static mhsm_status make_signature(const struct cli *cli, const mhsm_key *key,
                                  const mhsm_algorithm *algorithm,
                                  const struct mhsmi_buf *material,
                                  mhsm_result **result, mhsm_error **err)
{
    mhsm_message message = {.mu = material->data};

    if (algorithm->type == MHSM_KEY_AKP)
        return mhsm_sign_message(cli->client, key, &message, result, err);
    return mhsm_sign(cli->client, key, algorithm->name,
                     (const unsigned char *)mhsmi_buf_text(material),
                     material->size, result, err);
}

mhsm_status cli_sign(struct cli *cli, mhsm_error **err)
{
    const mhsm_algorithm *algorithm = NULL;
    enum cli_format format = CLI_FORMAT_RAW;
    struct cli_envelope envelope;
    struct mhsmi_buf material;
    const unsigned char *data;
    mhsm_result *result = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;
    size_t size;

    cli_envelope_init(&envelope);
    mhsmi_buf_init(&material, CLI_TEXT_MAX);
    if ((st = cli_envelope_format(cli, CLI_FORMAT_RAW, &format, err)) !=
            MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, NULL, &key, err)) != MHSM_OK ||
        (st = cli_get_algorithm(cli, NULL, key, MHSM_OP_SIGN, &algorithm,
                                err)) != MHSM_OK)
        goto out;
    if (format == CLI_FORMAT_DER && algorithm->type != MHSM_KEY_EC) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--format der is for ECDSA, not for %s",
                         algorithm->name);
        goto out;
    }
    if ((st = get_material(cli, key, algorithm, &material, err)) != MHSM_OK ||
        (st = make_signature(cli, key, algorithm, &material, &result, err)) !=
            MHSM_OK ||
        (st = cli_envelope_name(&envelope, key, algorithm, err)) != MHSM_OK)
        goto out;
    data = mhsm_result_data(result, &size);
    st = mhsmi_buf_append(&envelope.value, data, size)
             ? cli_envelope_write(cli, &envelope, format, 0, err)
             : mhsmi_error_memory(err);

out:
    mhsm_result_free(result);
    mhsm_key_free(key);
    mhsmi_buf_clear(&material);
    cli_envelope_clear(&envelope);
    return st;
}

/* The signature as the service makes it. */
static mhsm_status normalise(const struct cli *cli, const mhsm_key *key,
                             struct cli_envelope *envelope, mhsm_error **err)
{
    struct mhsmi_buf raw;
    size_t size = 0;
    mhsm_status st = MHSM_OK;

    if (cli_format_find(cli->values[CLI_IN_FORMAT], CLI_FORMAT_AUTO) !=
        CLI_FORMAT_DER)
        return MHSM_OK;
    if (mhsm_key_ec_x(key, &size) == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--in-format der is for ECDSA, and the key is %s",
                           mhsm_key_type_name(mhsm_key_get_type(key)));
    mhsmi_buf_init(&raw, 256);
    if (!mhsmi_ecdsa_from_der(
            &raw, (const unsigned char *)mhsmi_buf_text(&envelope->value),
            envelope->value.size, size))
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "%s is not an ECDSA signature in DER for this key",
                         cli->values[CLI_SIGNATURE]);
    mhsmi_buf_clear(&envelope->value);
    if (st == MHSM_OK &&
        !mhsmi_buf_append(&envelope->value, raw.data, raw.size))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&raw);
    return st;
}

struct check {
    const mhsm_key *key;
    const mhsm_algorithm *algorithm;
    const struct mhsmi_buf *material, *signature;
};

/* Here, when OpenSSL can, else by the HSM. */
static mhsm_status check_mu(const struct cli *cli, const struct check *check,
                            int *valid, mhsm_error **err)
{
    mhsm_message message = {.mu = check->material->data};

    if (cli->values[CLI_REMOTE] == NULL &&
        cli_local_has(mhsm_key_parameter_set(check->key)))
        return cli_local_verify_mu(check->key, check->material,
                                   check->signature, valid, err);
    return mhsm_verify_message(
        cli->client, check->key, &message,
        (const unsigned char *)mhsmi_buf_text(check->signature),
        check->signature->size, valid, err);
}

static mhsm_status check_signature(const struct cli *cli,
                                   const struct check *check, int *valid,
                                   mhsm_error **err)
{
    /* No public key, or no digest that OpenSSL could check against. */
    int is_remote = cli->values[CLI_REMOTE] != NULL ||
                    check->algorithm->type == MHSM_KEY_OCT ||
                    check->algorithm->digest == NULL;

    if (check->algorithm->type == MHSM_KEY_AKP)
        return check_mu(cli, check, valid, err);
    if (!is_remote)
        return mhsm_verify_local(
            check->key, check->algorithm->name, check->material->data,
            check->material->size,
            (const unsigned char *)mhsmi_buf_text(check->signature),
            check->signature->size, valid, err);
    return mhsm_verify(cli->client, check->key, check->algorithm->name,
                       (const unsigned char *)mhsmi_buf_text(check->material),
                       check->material->size,
                       (const unsigned char *)mhsmi_buf_text(check->signature),
                       check->signature->size, valid, err);
}

static mhsm_status tell(const struct cli *cli, const mhsm_key *key,
                        const mhsm_algorithm *algorithm, int valid,
                        mhsm_error **err)
{
    struct json_object *object = NULL;
    mhsm_status st = MHSM_OK;

    if (cli->output != CLI_JSON) {
        puts(valid ? "valid" : "invalid");
    } else {
        object = json_object_new_object();
        if (object != NULL &&
            mhsmi_json_add_string(object, "alg", algorithm->name) &&
            mhsmi_json_add_string(object, "kid", mhsm_key_id(key)) &&
            mhsmi_json_add(object, "value", json_object_new_boolean(valid)))
            st = cli_print_object(object, err);
        else
            st = mhsmi_error_memory(err);
        json_object_put(object);
    }
    if (st == MHSM_OK && !valid)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED, "the signature is not valid");
    return st;
}

static int is_stdin(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

mhsm_status cli_verify(struct cli *cli, mhsm_error **err)
{
    const mhsm_algorithm *algorithm = NULL;
    const char *path = cli->values[CLI_SIGNATURE];
    struct cli_envelope envelope;
    struct mhsmi_buf material;
    struct check check;
    mhsm_key *key = NULL;
    mhsm_status st;
    int valid = 0;

    if (is_stdin(path) && is_stdin(cli_input_path(cli)) &&
        cli->values[CLI_DIGEST] == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the signature and the file cannot both be "
                           "standard input");
    cli_envelope_init(&envelope);
    mhsmi_buf_init(&material, CLI_TEXT_MAX);
    if ((st = cli_envelope_read(cli, path, &envelope, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, &envelope, &key, err)) != MHSM_OK ||
        (st = normalise(cli, key, &envelope, err)) != MHSM_OK ||
        (st = cli_get_algorithm(cli, &envelope, key, MHSM_OP_VERIFY, &algorithm,
                                err)) != MHSM_OK ||
        (st = get_material(cli, key, algorithm, &material, err)) != MHSM_OK)
        goto out;
    check.key = key;
    check.algorithm = algorithm;
    check.material = &material;
    check.signature = &envelope.value;
    st = check_signature(cli, &check, &valid, err);
    if (st == MHSM_OK)
        st = tell(cli, key, algorithm, valid, err);

out:
    mhsm_key_free(key);
    mhsmi_buf_clear(&material);
    cli_envelope_clear(&envelope);
    return st;
}
