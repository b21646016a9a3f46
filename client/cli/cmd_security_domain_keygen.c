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
#include "cli/wrapping_remote.h"

enum { NAME_SIZE_MAX = 48, DAYS_MAX = 36500 };

static const struct cli_column columns[] = {{"Holder", 0},
                                            {"Key", 0},
                                            {"Certificate", 0},
                                            {"Thumbprint", 0},
                                            {"Expires", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct pair {
    char name[NAME_SIZE_MAX + 1];
    const char *uri; /* of a key that is in an HSM already; or NULL */
    mhsm_result *key, *pem;
    mhsm_wrapping_certificate *certificate;
    char *key_file, *certificate_file; /* in the new directory */
};

struct batch {
    struct cli *cli;
    struct pair pairs[CLI_TAGS_MAX];
    size_t count;
    unsigned long bits, days;
};

static void batch_clear(struct batch *batch)
{
    size_t i;

    for (i = 0; i < CLI_TAGS_MAX; i++) {
        mhsm_result_free(batch->pairs[i].key);
        mhsm_result_free(batch->pairs[i].pem);
        mhsm_wrapping_certificate_free(batch->pairs[i].certificate);
        mhsmi_free(batch->pairs[i].key_file);
        mhsmi_free(batch->pairs[i].certificate_file);
    }
}

/* NAME, or NAME=URI.  Names become names of files, and must not differ in case
 * alone: not every file system tells those apart. */
static mhsm_status add_holder(struct batch *batch, const char *text,
                              mhsm_error **err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct pair *pair = &batch->pairs[batch->count];
    size_t size = strcspn(text, "="), i;

    if (size == 0 || size > NAME_SIZE_MAX || text[0] == '.' || text[0] == '-' ||
        strspn(text, allowed) != size)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--holder %s: a name of up to %d letters, digits, "
                           "'-', '_' and '.', which begins with neither '-' "
                           "nor '.'",
                           text, (int)NAME_SIZE_MAX);
    memcpy(pair->name, text, size);
    if (text[size] == '=')
        pair->uri = text + size + 1;
    for (i = 0; i < batch->count; i++)
        if (OPENSSL_strcasecmp(batch->pairs[i].name, pair->name) == 0)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--holder %s is given twice", pair->name);
    batch->count++;
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
    unsigned int days = (unsigned int)batch->days;
    const unsigned char *data;
    mhsm_status st;
    size_t size;

    st = pair->uri != NULL
             ? cli_wrapping_certify(batch->cli, pair->uri, pair->name, days,
                                    &pair->pem, err)
             : mhsm_wrapping_key_generate(pair->name, (unsigned int)batch->bits,
                                          days, password, &pair->key,
                                          &pair->pem, err);
    if (st != MHSM_OK)
        return st;
    data = mhsm_result_data(pair->pem, &size);
    st = mhsm_wrapping_certificate_decode(data, size, &pair->certificate, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "--holder %s", pair->name);
    return st;
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
        if (batch->pairs[i].uri == NULL)
            st = cli_passwords_next(&passwords, batch->pairs[i].name, 1,
                                    &given[i], err);
    if (st == MHSM_OK)
        st = cli_passwords_end(&passwords, err);
    for (i = 0; st == MHSM_OK && i < batch->count; i++)
        st = make_pair(batch, &batch->pairs[i],
                       plain ? NULL : mhsmi_buf_text(&given[i]), err);
    for (i = 0; i < CLI_TAGS_MAX; i++)
        mhsmi_buf_clear(&given[i]);
    cli_passwords_close(&passwords);
    return st;
}

/* "NAME.ENDING", in a folder of its own where that is asked for. */
static char *name_file(const struct batch *batch, const char *name,
                       const char *ending)
{
    int folders = batch->cli->values[CLI_DIRECTORIES] != NULL;

    return mhsmi_asprintf("%s%s%s.%s", folders ? name : "", folders ? "/" : "",
                          name, ending);
}

static mhsm_status write_files(struct batch *batch, mhsm_error **err)
{
    struct cli_directory_file files[2 * CLI_TAGS_MAX];
    size_t count = 0, i;

    for (i = 0; i < batch->count; i++) {
        struct pair *pair = &batch->pairs[i];

        pair->certificate_file = name_file(batch, pair->name, "cer");
        if (pair->uri == NULL)
            pair->key_file = name_file(batch, pair->name, "key");
        if (pair->certificate_file == NULL ||
            (pair->uri == NULL && pair->key_file == NULL))
            return mhsmi_error_memory(err);
        files[count].name = pair->certificate_file;
        files[count].data = mhsm_result_data(pair->pem, &files[count].size);
        count++;
        if (pair->key_file == NULL)
            continue;
        files[count].name = pair->key_file;
        files[count].data = mhsm_result_data(pair->key, &files[count].size);
        count++;
    }
    return cli_directory_write(batch->cli->values[CLI_OUT], files, count, err);
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

static mhsm_status print_pair(const struct batch *batch,
                              const struct pair *pair, struct cli_list *list,
                              mhsm_error **err)
{
    const char *out = batch->cli->values[CLI_OUT];
    char expires[CLI_TIME_SIZE];
    char *key = pair->uri != NULL
                    ? mhsmi_strdup(pair->uri)
                    : mhsmi_asprintf("%s/%s", out, pair->key_file);
    char *certificate = mhsmi_asprintf("%s/%s", out, pair->certificate_file);
    const char *cells[COLUMNS] = {
        pair->name, key, certificate,
        mhsm_wrapping_certificate_thumbprint(pair->certificate),
        cli_time_text(mhsm_wrapping_certificate_expires(pair->certificate),
                      expires)};
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
        st = print_pair(batch, &batch->pairs[i], list, err);
    if (st == MHSM_OK)
        cli_list_end(list);
    cli_list_free(list);
    return st;
}

static mhsm_status perform(struct batch *batch, mhsm_error **err)
{
    mhsm_status st;

    if ((st = read_numbers(batch, err)) == MHSM_OK &&
        (st = cli_file_check_free(batch->cli->values[CLI_OUT], err)) ==
            MHSM_OK &&
        (st = make_pairs(batch, err)) == MHSM_OK &&
        (st = write_files(batch, err)) == MHSM_OK)
        st = print(batch, err);
    return st;
}

mhsm_status cli_domain_keygen(struct cli *cli, mhsm_error **err)
{
    struct batch batch = {.cli = cli};
    const char *holders[CLI_TAGS_MAX];
    size_t count = cli_repeats(cli, CLI_HOLDER, holders), i;
    mhsm_status st = MHSM_OK;

    if (count < MHSM_DOMAIN_HOLDERS_MIN || count > MHSM_DOMAIN_HOLDERS_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--holder is given %zu times; a security domain has "
                           "%d to %d holders",
                           count, MHSM_DOMAIN_HOLDERS_MIN,
                           MHSM_DOMAIN_HOLDERS_MAX);
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_holder(&batch, holders[i], err);
    if (st == MHSM_OK)
        st = perform(&batch, err);
    batch_clear(&batch);
    return st;
}

mhsm_status cli_share_prepare(struct cli *cli, mhsm_error **err)
{
    struct batch batch = {.cli = cli};
    mhsm_status st = add_holder(&batch, "combiner", err);

    if (st == MHSM_OK)
        st = perform(&batch, err);
    batch_clear(&batch);
    return st;
}
