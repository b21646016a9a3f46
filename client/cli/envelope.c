/* SPDX-License-Identifier: MIT
 *
 * Results of operations, in and out.  Everything that passes here may be a
 * plaintext: it is wiped, and JSON texts with it.
 */
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/ecdsa.h"
#include "base/json.h"
#include "cli/envelope.h"
#include "cli/file.h"

void cli_envelope_init(struct cli_envelope *envelope)
{
    envelope->alg = envelope->kid = NULL;
    mhsmi_buf_init(&envelope->value, CLI_ENVELOPE_MAX);
    mhsmi_buf_init(&envelope->iv, 64);
    mhsmi_buf_init(&envelope->aad, CLI_TEXT_MAX);
    mhsmi_buf_init(&envelope->tag, 64);
}

void cli_envelope_clear(struct cli_envelope *envelope)
{
    mhsmi_free(envelope->alg);
    mhsmi_free(envelope->kid);
    envelope->alg = envelope->kid = NULL;
    mhsmi_buf_clear(&envelope->value);
    mhsmi_buf_clear(&envelope->iv);
    mhsmi_buf_clear(&envelope->aad);
    mhsmi_buf_clear(&envelope->tag);
}

mhsm_status cli_envelope_name(struct cli_envelope *envelope,
                              const mhsm_key *key,
                              const mhsm_algorithm *algorithm, mhsm_error **err)
{
    mhsmi_free(envelope->alg);
    mhsmi_free(envelope->kid);
    envelope->alg = mhsmi_strdup(algorithm->name);
    envelope->kid = mhsmi_strdup(mhsm_key_id(key));
    return envelope->alg != NULL && envelope->kid != NULL
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

const char *cli_input_path(const struct cli *cli)
{
    return cli->operand != NULL ? cli->operand : cli->values[CLI_IN];
}

static int copy_string(struct json_object *object, const char *name, char **out)
{
    const char *text = mhsmi_json_string(object, name);

    if (text == NULL)
        return 1;
    *out = mhsmi_strdup(text);
    return *out != NULL;
}

/* Absent is fine, malformed is not. */
static int copy_octets(struct json_object *object, const char *name,
                       struct mhsmi_buf *out)
{
    return mhsmi_json_string(object, name) == NULL ||
           mhsmi_json_octets(object, name, out);
}

static mhsm_status parse(struct json_object *object, const char *path,
                         struct cli_envelope *envelope, mhsm_error **err)
{
    if (!copy_string(object, "alg", &envelope->alg) ||
        !copy_string(object, "kid", &envelope->kid))
        return mhsmi_error_memory(err);
    if (mhsmi_json_octets(object, "value", &envelope->value) &&
        copy_octets(object, "iv", &envelope->iv) &&
        copy_octets(object, "aad", &envelope->aad) &&
        copy_octets(object, "tag", &envelope->tag))
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "%s: its value, iv, aad or tag is missing or is not "
                       "valid base64url",
                       path != NULL ? path : "standard input");
}

static int is_result(struct json_object *object)
{
    return json_object_is_type(object, json_type_object) &&
           mhsmi_json_string(object, "value") != NULL;
}

mhsm_status cli_envelope_read(const struct cli *cli, const char *path,
                              struct cli_envelope *envelope, mhsm_error **err)
{
    enum cli_format format =
        cli_format_find(cli->values[CLI_IN_FORMAT], CLI_FORMAT_AUTO);
    const char *shown = path != NULL ? path : "standard input";
    struct json_object *object = NULL;
    struct mhsmi_buf input;
    mhsm_status st;

    mhsmi_buf_init(&input, CLI_ENVELOPE_MAX);
    st = cli_file_slurp(path, &input, err);
    if (st != MHSM_OK)
        goto out;
    if (format == CLI_FORMAT_AUTO || format == CLI_FORMAT_JSON)
        object = mhsmi_json_parse(mhsmi_buf_text(&input), input.size);
    if (is_result(object))
        st = parse(object, path, envelope, err);
    else if (format == CLI_FORMAT_JSON)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "%s is not the JSON of a result", shown);
    else
        st = cli_decode(&envelope->value, format, mhsmi_buf_text(&input),
                        input.size, shown, err);

out:
    mhsmi_json_wipe(object);
    mhsmi_buf_clear(&input);
    return st;
}

mhsm_status cli_envelope_format(const struct cli *cli, enum cli_format fallback,
                                enum cli_format *format, mhsm_error **err)
{
    const char *out = cli->values[CLI_OUT];
    enum cli_format chosen =
        cli_format_find(cli->values[CLI_FORMAT],
                        cli->output == CLI_JSON ? CLI_FORMAT_JSON : fallback);

    if (cli->output == CLI_JSON && chosen != CLI_FORMAT_JSON)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "-o json and --format %s contradict each other",
                           cli->values[CLI_FORMAT]);
    if ((chosen == CLI_FORMAT_RAW || chosen == CLI_FORMAT_DER) &&
        (out == NULL || strcmp(out, "-") == 0) && isatty(STDOUT_FILENO)) {
        mhsmi_error(err, MHSM_ERR_ARGUMENT,
                    "raw octets would garble the terminal");
        mhsmi_error_set_hint(err, "give --out FILE, --format base64 or "
                                  "--format hex");
        return MHSM_ERR_ARGUMENT;
    }
    *format = chosen;
    return MHSM_OK;
}

static int add_octets(struct json_object *object, const char *name,
                      const struct mhsmi_buf *octets)
{
    return octets->size == 0 ||
           mhsmi_json_add_octets(object, name, octets->data, octets->size);
}

/* Members in alphabetical order, as the service has them. */
static int to_json(const struct cli_envelope *envelope, struct mhsmi_buf *out)
{
    struct json_object *object = json_object_new_object();
    const char *text = NULL;
    int ok;

    ok =
        object != NULL && add_octets(object, "aad", &envelope->aad) &&
        (envelope->alg == NULL ||
         mhsmi_json_add_string(object, "alg", envelope->alg)) &&
        add_octets(object, "iv", &envelope->iv) &&
        (envelope->kid == NULL ||
         mhsmi_json_add_string(object, "kid", envelope->kid)) &&
        add_octets(object, "tag", &envelope->tag) &&
        mhsmi_json_add_octets(object, "value", mhsmi_buf_text(&envelope->value),
                              envelope->value.size) &&
        (text = json_object_to_json_string_ext(
             object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                         JSON_C_TO_STRING_NOSLASHESCAPE)) != NULL &&
        mhsmi_buf_puts(out, text) && mhsmi_buf_puts(out, "\n");
    /* json-c keeps the text it made, which may hold a plaintext. */
    if (text != NULL)
        OPENSSL_cleanse((void *)(uintptr_t)text, strlen(text));
    mhsmi_json_wipe(object);
    return ok;
}

mhsm_status cli_envelope_write(const struct cli *cli,
                               const struct cli_envelope *envelope,
                               enum cli_format format, int secret,
                               mhsm_error **err)
{
    struct mhsmi_buf out;
    mhsm_status st;
    int ok;

    mhsmi_buf_init(&out, (size_t)2 * CLI_ENVELOPE_MAX);
    if (format == CLI_FORMAT_JSON)
        ok = to_json(envelope, &out);
    else if (format == CLI_FORMAT_DER)
        ok = mhsmi_ecdsa_to_der(&out, envelope->value.data,
                                envelope->value.size);
    else
        ok = cli_encode(&out, format,
                        (const unsigned char *)mhsmi_buf_text(&envelope->value),
                        envelope->value.size);
    st = ok ? cli_file_write(cli->values[CLI_OUT], secret, out.data, out.size,
                             err)
            : mhsmi_error_memory(err);
    mhsmi_buf_clear(&out);
    return st;
}

mhsm_status cli_hex_option(const struct cli *cli, enum cli_option_id id,
                           const char *name, struct mhsmi_buf *out,
                           mhsm_error **err)
{
    const char *text = cli->values[id];
    mhsm_status st;

    if (text == NULL)
        return MHSM_OK;
    mhsmi_buf_clear(out);
    st = cli_decode(out, CLI_FORMAT_HEX, text, strlen(text), name, NULL);
    if (st == MHSM_OK && out->size > 0)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "%s takes 1 to %zu octets in hexadecimal", name,
                       out->max);
}
