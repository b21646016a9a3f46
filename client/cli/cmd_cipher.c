/* SPDX-License-Identifier: MIT
 *
 * mhsm encrypt, decrypt, wrap, unwrap.  Two directions with one shape each;
 * RSA's public half is done here, everything else in the HSM.  Plaintexts are
 * wiped, and files of them are their owner's alone.
 */
#include <string.h>

#include "cli/file.h"
#include "cli/keyref.h"
#include "cli/local.h"

static int is_gcm(const mhsm_algorithm *algorithm)
{
    return strstr(algorithm->name, "GCM") != NULL;
}

static int is_cbc(const mhsm_algorithm *algorithm)
{
    return strstr(algorithm->name, "CBC") != NULL;
}

static int add(struct mhsmi_buf *buf, const unsigned char *data, size_t size)
{
    mhsmi_buf_clear(buf);
    return size == 0 || mhsmi_buf_append(buf, data, size);
}

/* --iv, --aad and --tag as far as the algorithm takes them. */
static mhsm_status cipher_options(const struct cli *cli,
                                  const mhsm_algorithm *algorithm,
                                  struct cli_envelope *envelope,
                                  mhsm_error **err)
{
    const struct {
        enum cli_option_id id;
        const char *name;
        struct mhsmi_buf *out;
        int fits;
    } rows[] = {
        {CLI_IV, "--iv", &envelope->iv, is_gcm(algorithm) || is_cbc(algorithm)},
        {CLI_AAD, "--aad", &envelope->aad, is_gcm(algorithm)},
        {CLI_TAG, "--tag", &envelope->tag, is_gcm(algorithm)},
    };
    mhsm_status st = MHSM_OK;
    size_t i;

    for (i = 0; st == MHSM_OK && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (cli->values[rows[i].id] == NULL)
            continue;
        if (!rows[i].fits)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s takes no %s",
                               algorithm->name, rows[i].name);
        st = cli_hex_option(cli, rows[i].id, rows[i].name, rows[i].out, err);
    }
    return st;
}

static mhsm_cipher_params params_of(const struct cli_envelope *envelope)
{
    mhsm_cipher_params params = {
        envelope->iv.data,  envelope->iv.size,  envelope->aad.data,
        envelope->aad.size, envelope->tag.data, envelope->tag.size,
    };

    return params;
}

/* Keep what came back: the text, and the iv and tag when the HSM made them. */
static mhsm_status keep(struct cli_envelope *envelope,
                        const mhsm_result *result, mhsm_error **err)
{
    const unsigned char *data, *iv, *tag;
    size_t size, iv_size, tag_size;

    data = mhsm_result_data(result, &size);
    iv = mhsm_result_iv(result, &iv_size);
    tag = mhsm_result_tag(result, &tag_size);
    if (!add(&envelope->value, data, size) ||
        (iv != NULL && !add(&envelope->iv, iv, iv_size)) ||
        (tag != NULL && !add(&envelope->tag, tag, tag_size)))
        return mhsmi_error_memory(err);
    return MHSM_OK;
}

/* What is done with which key. */
struct task {
    const mhsm_key *key;
    const mhsm_algorithm *algorithm;
    unsigned int operation;
};

static mhsm_status seal_local(const struct task *task,
                              const struct mhsmi_buf *text,
                              struct mhsmi_buf *out, mhsm_error **err)
{
    mhsm_result *result = NULL;
    const unsigned char *data;
    mhsm_status st;
    size_t size;

    st = mhsm_encrypt_local(task->key, task->algorithm->name, task->operation,
                            (const unsigned char *)mhsmi_buf_text(text),
                            text->size, &result, err);
    if (st != MHSM_OK)
        return st;
    data = mhsm_result_data(result, &size);
    st = mhsmi_buf_append(out, data, size) ? MHSM_OK : mhsmi_error_memory(err);
    mhsm_result_free(result);
    return st;
}

static mhsm_status seal_remote(const struct cli *cli, const struct task *task,
                               const struct mhsmi_buf *text,
                               struct cli_envelope *envelope, mhsm_error **err)
{
    const unsigned char *data = (const unsigned char *)mhsmi_buf_text(text);
    mhsm_cipher_params params;
    mhsm_result *result = NULL;
    mhsm_status st;
    unsigned char iv[16];

    /* What the service would do without an iv is not documented. */
    if (is_cbc(task->algorithm) && envelope->iv.size == 0) {
        st = cli_local_random(iv, sizeof(iv), err);
        if (st != MHSM_OK)
            return st;
        if (!add(&envelope->iv, iv, sizeof(iv)))
            return mhsmi_error_memory(err);
    }
    params = params_of(envelope);
    st = task->operation == MHSM_OP_WRAP
             ? mhsm_wrap(cli->client, task->key, task->algorithm->name, data,
                         text->size, &result, err)
             : mhsm_encrypt(cli->client, task->key, task->algorithm->name, data,
                            text->size, &params, &result, err);
    if (st == MHSM_OK)
        st = keep(envelope, result, err);
    mhsm_result_free(result);
    return st;
}

static mhsm_status seal(struct cli *cli, unsigned int operation,
                        mhsm_error **err)
{
    const mhsm_algorithm *algorithm = NULL;
    enum cli_format format = CLI_FORMAT_RAW;
    struct cli_envelope envelope;
    struct mhsmi_buf text;
    mhsm_key *key = NULL;
    mhsm_status st;

    cli_envelope_init(&envelope);
    mhsmi_buf_init(&text, CLI_TEXT_MAX);
    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, NULL, &key, err)) != MHSM_OK ||
        (st = cli_get_algorithm(cli, NULL, key, operation, &algorithm, err)) !=
            MHSM_OK ||
        /* Without its iv and tag a ciphertext of AES is lost. */
        (st = cli_envelope_format(cli,
                                  is_gcm(algorithm) || is_cbc(algorithm)
                                      ? CLI_FORMAT_JSON
                                      : CLI_FORMAT_RAW,
                                  &format, err)) != MHSM_OK ||
        (st = cipher_options(cli, algorithm, &envelope, err)) != MHSM_OK)
        goto out;
    if (is_gcm(algorithm) && envelope.iv.size > 0) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "%s takes no --iv: the HSM makes it", algorithm->name);
        goto out;
    }
    if ((st = cli_file_slurp(cli_input_path(cli), &text, err)) != MHSM_OK)
        goto out;
    if (algorithm->type == MHSM_KEY_RSA && cli->values[CLI_REMOTE] == NULL)
        st = seal_local(&(struct task){key, algorithm, operation}, &text,
                        &envelope.value, err);
    else
        st = seal_remote(cli, &(struct task){key, algorithm, operation}, &text,
                         &envelope, err);
    if (st != MHSM_OK ||
        (st = cli_envelope_name(&envelope, key, algorithm, err)) != MHSM_OK)
        goto out;
    st = cli_envelope_write(cli, &envelope, format, 0, err);

out:
    mhsm_key_free(key);
    mhsmi_buf_clear(&text);
    cli_envelope_clear(&envelope);
    return st;
}

/* The algorithm fits the key and the sizes were checked, so that a parameter
 * which the service refuses is the ciphertext. */
static mhsm_status as_damaged(const mhsm_algorithm *algorithm, mhsm_error **err)
{
    mhsm_error *old = *err;

    *err = NULL;
    mhsmi_error(err, MHSM_ERR_DAMAGED, "%s", mhsm_error_message(old));
    mhsmi_error_set_service(err, mhsm_error_http_status(old),
                            mhsm_error_code(old), mhsm_error_request_id(old));
    mhsmi_error_set_hint(err,
                         "the input is damaged, or was not made with %s and "
                         "this version of the key",
                         algorithm->name);
    mhsm_error_free(&old);
    return MHSM_ERR_DAMAGED;
}

static mhsm_status open_remote(const struct cli *cli, const struct task *task,
                               struct cli_envelope *envelope, mhsm_error **err)
{
    const unsigned char *data =
        (const unsigned char *)mhsmi_buf_text(&envelope->value);
    mhsm_cipher_params params = params_of(envelope);
    mhsm_result *result = NULL;
    mhsm_status st;

    st = task->operation == MHSM_OP_UNWRAP
             ? mhsm_unwrap(cli->client, task->key, task->algorithm->name, data,
                           envelope->value.size, &result, err)
             : mhsm_decrypt(cli->client, task->key, task->algorithm->name, data,
                            envelope->value.size, &params, &result, err);
    if (st == MHSM_ERR_REJECTED)
        st = as_damaged(task->algorithm, err);
    if (st == MHSM_ERR_ARGUMENT && params.iv == NULL)
        mhsmi_error_set_hint(err, "give --iv and --tag, or the JSON that "
                                  "`mhsm encrypt` writes: the input is none");
    if (st == MHSM_OK) {
        /* What describes the ciphertext does not describe the plaintext. */
        mhsmi_buf_clear(&envelope->iv);
        mhsmi_buf_clear(&envelope->aad);
        mhsmi_buf_clear(&envelope->tag);
        st = keep(envelope, result, err);
    }
    mhsm_result_free(result);
    return st;
}

static mhsm_status open_sealed(struct cli *cli, unsigned int operation,
                               mhsm_error **err)
{
    const mhsm_algorithm *algorithm = NULL;
    enum cli_format format = CLI_FORMAT_RAW;
    struct cli_envelope envelope;
    mhsm_key *key = NULL;
    mhsm_status st;

    cli_envelope_init(&envelope);
    if ((st = cli_envelope_format(cli, CLI_FORMAT_RAW, &format, err)) !=
            MHSM_OK ||
        (st = cli_envelope_read(cli, cli_input_path(cli), &envelope, err)) !=
            MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, &envelope, &key, err)) != MHSM_OK ||
        (st = cli_get_algorithm(cli, &envelope, key, operation, &algorithm,
                                err)) != MHSM_OK ||
        (st = cipher_options(cli, algorithm, &envelope, err)) != MHSM_OK ||
        (st = open_remote(cli, &(struct task){key, algorithm, operation},
                          &envelope, err)) != MHSM_OK ||
        (st = cli_envelope_name(&envelope, key, algorithm, err)) != MHSM_OK)
        goto out;
    st = cli_envelope_write(cli, &envelope, format, 1, err);

out:
    mhsm_key_free(key);
    cli_envelope_clear(&envelope);
    return st;
}

mhsm_status cli_encrypt(struct cli *cli, mhsm_error **err)
{
    return seal(cli, MHSM_OP_ENCRYPT, err);
}

mhsm_status cli_decrypt(struct cli *cli, mhsm_error **err)
{
    return open_sealed(cli, MHSM_OP_DECRYPT, err);
}

mhsm_status cli_wrap(struct cli *cli, mhsm_error **err)
{
    return seal(cli, MHSM_OP_WRAP, err);
}

mhsm_status cli_unwrap(struct cli *cli, mhsm_error **err)
{
    return open_sealed(cli, MHSM_OP_UNWRAP, err);
}
