/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain keygen, share prepare: key pairs and certificates, all
 * of them in a new directory or none.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "cli/directory.h"
#include "cli/file.h"
#include "cli/out.h"
#include "cli/wrapping.h"

enum { NAME_SIZE_MAX = 48, DAYS_MAX = 36500 };

static const struct cli_column columns[] = {{"Holder", 0},
                                            {"Key", 0},
                                            {"Certificate", 0},
                                            {"Thumbprint", 0},
                                            {"Expires", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct pair {
    const char *name;
    mhsm_result *key, *pem;
    mhsm_wrapping_certificate *certificate;
};

struct batch {
    const struct cli *cli;
    const char *names[CLI_TAGS_MAX];
    size_t count;
    unsigned long bits, days;
    struct pair pairs[CLI_TAGS_MAX];
    struct cli_directory_file files[2 * CLI_TAGS_MAX];
};

static void batch_clear(struct batch *batch)
{
    size_t i;

    for (i = 0; i < CLI_TAGS_MAX; i++) {
        mhsm_result_free(batch->pairs[i].key);
        mhsm_result_free(batch->pairs[i].pem);
        mhsm_wrapping_certificate_free(batch->pairs[i].certificate);
        mhsmi_free(batch->files[2 * i].name);
        mhsmi_free(batch->files[2 * i + 1].name);
    }
}

/* Names become names of files, and must not differ in case alone: not every
 * file system tells those apart. */
static mhsm_status check_names(const struct batch *batch, mhsm_error **err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t i, j;

    for (i = 0; i < batch->count; i++) {
        const char *name = batch->names[i];
        size_t size = strlen(name);

        if (size == 0 || size > NAME_SIZE_MAX || name[0] == '.' ||
            name[0] == '-' || strspn(name, allowed) != size)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--holder %s: a name of up to %d letters, "
                               "digits, '-', '_' and '.', which begins with "
                               "neither '-' nor '.'",
                               name, (int)NAME_SIZE_MAX);
        for (j = 0; j < i; j++)
            if (OPENSSL_strcasecmp(batch->names[j], name) == 0)
                return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                                   "--holder %s is given twice", name);
    }
    return MHSM_OK;
}

static mhsm_status read_numbers(struct batch *batch, mhsm_error **err)
{
    const char *size = batch->cli->values[CLI_SIZE];
    const char *days = batch->cli->values[CLI_DAYS];
    mhsm_status st = MHSM_OK;

    batch->bits = 4096;
    batch->days = 3650;
    if (size != NULL)
        st = cli_parse_number("--size", size, 2048, 4096, &batch->bits, err);
    if (st == MHSM_OK && days != NULL)
        st = cli_parse_number("--days", days, 1, DAYS_MAX, &batch->days, err);
    return st;
}

static mhsm_status make_pair(const struct batch *batch, struct pair *pair,
                             const char *password, mhsm_error **err)
{
    const unsigned char *data;
    mhsm_status st;
    size_t size;

    st = mhsm_wrapping_key_generate(pair->name, (unsigned int)batch->bits,
                                    (unsigned int)batch->days, password,
                                    &pair->key, &pair->pem, err);
    if (st != MHSM_OK)
        return st;
    data = mhsm_result_data(pair->pem, &size);
    return mhsm_wrapping_certificate_decode(data, size, &pair->certificate,
                                            err);
}

/* Passwords are asked for one by one, before the keys take their time. */
static mhsm_status make_pairs(struct batch *batch, mhsm_error **err)
{
    int plain = batch->cli->values[CLI_UNENCRYPTED] != NULL;
    struct mhsmi_buf given[CLI_TAGS_MAX];
    struct cli_passwords passwords;
    mhsm_status st = cli_passwords_open(batch->cli, &passwords, err);
    size_t i;

    memset(given, 0, sizeof(given));
    if (st == MHSM_OK && plain && passwords.source != NULL)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--unencrypted takes no passwords");
    for (i = 0; st == MHSM_OK && !plain && i < batch->count; i++)
        st = cli_passwords_next(&passwords, batch->names[i], 1, &given[i], err);
    if (st == MHSM_OK)
        st = cli_passwords_end(&passwords, err);
    for (i = 0; st == MHSM_OK && i < batch->count; i++) {
        batch->pairs[i].name = batch->names[i];
        st = make_pair(batch, &batch->pairs[i],
                       plain ? NULL : mhsmi_buf_text(&given[i]), err);
    }
    for (i = 0; i < CLI_TAGS_MAX; i++)
        mhsmi_buf_clear(&given[i]);
    cli_passwords_close(&passwords);
    return st;
}

static mhsm_status name_files(struct batch *batch, mhsm_error **err)
{
    int folders = batch->cli->values[CLI_DIRECTORIES] != NULL;
    size_t i;

    for (i = 0; i < batch->count; i++) {
        struct cli_directory_file *key = &batch->files[2 * i];
        struct cli_directory_file *certificate = &batch->files[2 * i + 1];
        const char *name = batch->names[i];

        key->name = mhsmi_asprintf("%s%s%s.key", folders ? name : "",
                                   folders ? "/" : "", name);
        certificate->name = mhsmi_asprintf("%s%s%s.cer", folders ? name : "",
                                           folders ? "/" : "", name);
        if (key->name == NULL || certificate->name == NULL)
            return mhsmi_error_memory(err);
        key->data = mhsm_result_data(batch->pairs[i].key, &key->size);
        certificate->data =
            mhsm_result_data(batch->pairs[i].pem, &certificate->size);
    }
    return MHSM_OK;
}

/* One item as JSON; the caller puts it. */
static struct json_object *to_json(const char *const *cells)
{
    static const char *const names[COLUMNS] = {"holder", "key", "certificate",
                                               "thumbprint", "expires"};
    struct json_object *object = json_object_new_object();
    size_t i;

    for (i = 0; object != NULL && i < COLUMNS; i++) {
        if (mhsmi_json_add_string(object, names[i], cells[i]))
            continue;
        json_object_put(object);
        object = NULL;
    }
    return object;
}

static mhsm_status print_pair(const struct batch *batch, size_t index,
                              struct cli_list *list, mhsm_error **err)
{
    const mhsm_wrapping_certificate *made = batch->pairs[index].certificate;
    const char *out = batch->cli->values[CLI_OUT];
    char expires[CLI_TIME_SIZE];
    char *key = mhsmi_asprintf("%s/%s", out, batch->files[2 * index].name);
    char *certificate =
        mhsmi_asprintf("%s/%s", out, batch->files[2 * index + 1].name);
    const char *cells[COLUMNS] = {
        batch->names[index], key, certificate,
        mhsm_wrapping_certificate_thumbprint(made),
        cli_time_text(mhsm_wrapping_certificate_expires(made), expires)};
    struct json_object *object =
        key != NULL && certificate != NULL ? to_json(cells) : NULL;
    mhsm_status st =
        object != NULL
            ? cli_list_add(list, cells, json_object_to_json_string(object), err)
            : mhsmi_error_memory(err);

    json_object_put(object);
    mhsmi_free(key);
    mhsmi_free(certificate);
    return st;
}

static mhsm_status print(const struct batch *batch, mhsm_error **err)
{
    struct cli_list *list = NULL;
    mhsm_status st =
        cli_list_new(batch->cli->output, columns, COLUMNS, &list, err);
    size_t i;

    for (i = 0; st == MHSM_OK && i < batch->count; i++)
        st = print_pair(batch, i, list, err);
    if (st == MHSM_OK)
        cli_list_end(list);
    cli_list_free(list);
    return st;
}

static mhsm_status perform(struct batch *batch, mhsm_error **err)
{
    const char *out = batch->cli->values[CLI_OUT];
    mhsm_status st;

    if ((st = check_names(batch, err)) == MHSM_OK &&
        (st = read_numbers(batch, err)) == MHSM_OK &&
        (st = cli_file_check_free(out, err)) == MHSM_OK &&
        (st = make_pairs(batch, err)) == MHSM_OK &&
        (st = name_files(batch, err)) == MHSM_OK &&
        (st = cli_directory_write(out, batch->files, 2 * batch->count, err)) ==
            MHSM_OK)
        st = print(batch, err);
    return st;
}

mhsm_status cli_domain_keygen(struct cli *cli, mhsm_error **err)
{
    struct batch batch = {.cli = cli};
    mhsm_status st;

    batch.count = cli_repeats(cli, CLI_HOLDER, batch.names);
    if (batch.count < MHSM_DOMAIN_HOLDERS_MIN ||
        batch.count > MHSM_DOMAIN_HOLDERS_MAX)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--holder is given %zu times; a security domain has "
                         "%d to %d holders",
                         batch.count, MHSM_DOMAIN_HOLDERS_MIN,
                         MHSM_DOMAIN_HOLDERS_MAX);
    else
        st = perform(&batch, err);
    batch_clear(&batch);
    return st;
}

mhsm_status cli_share_prepare(struct cli *cli, mhsm_error **err)
{
    struct batch batch = {.cli = cli, .names = {"combiner"}, .count = 1};
    mhsm_status st = perform(&batch, err);

    batch_clear(&batch);
    return st;
}
