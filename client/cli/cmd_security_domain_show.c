/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain inspect, verify: what a file is and who can open it.
 * Nothing secret is printed, and findings about one holder do not hide the
 * others.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/domain_source.h"
#include "cli/out.h"

static const struct cli_column file_columns[] = {
    {"Version", 0}, {"Quorum", 0}, {"Data", 0}};
static const struct cli_column holder_columns[] = {
    {"Holder", 0},     {"State", 0},
    {"Thumbprint", 0}, {"Subject", CLI_COLUMN_SHRINK},
    {"Expires", 0},    {"Finding", CLI_COLUMN_NO_TABLE}};

enum {
    FILE_COLUMNS = sizeof(file_columns) / sizeof(file_columns[0]),
    HOLDER_COLUMNS = sizeof(holder_columns) / sizeof(holder_columns[0]),
    HOLDERS_MAX = 126,
    TEXT_MAX = 65536
};

struct holder {
    const char *state;
    const char *subject; /* NULL: its certificate was not given */
    int64_t expires;
    char *finding; /* NULL: none */
};

struct report {
    struct cli *cli;
    mhsm_security_domain *domain;
    struct cli_certificates certificates;
    struct holder holders[HOLDERS_MAX];
};

static void report_clear(struct report *report)
{
    size_t i;

    for (i = 0; i < HOLDERS_MAX; i++)
        mhsmi_free(report->holders[i].finding);
    cli_certificates_free(&report->certificates);
    mhsm_security_domain_free(report->domain);
}

/* How the file is, with the certificates that were given. */
static mhsm_status look(struct report *report, const char *whole,
                        mhsm_error **err)
{
    size_t count = mhsm_security_domain_holder_count(report->domain), i;

    for (i = 0; i < count; i++) {
        const mhsm_error *damage =
            mhsm_security_domain_holder_damage(report->domain, i);
        const mhsm_wrapping_certificate *certificate = cli_certificates_find(
            &report->certificates,
            mhsm_security_domain_holder_thumbprint(report->domain, i));
        struct holder *holder = &report->holders[i];

        holder->state = damage != NULL ? "damaged" : whole;
        if (damage != NULL && (holder->finding = mhsmi_strdup(
                                   mhsm_error_message(damage))) == NULL)
            return mhsmi_error_memory(err);
        if (certificate == NULL)
            continue;
        holder->subject = mhsm_wrapping_certificate_subject(certificate);
        holder->expires = mhsm_wrapping_certificate_expires(certificate);
    }
    return MHSM_OK;
}

static mhsm_status print_file(const struct report *report, mhsm_error **err)
{
    const mhsm_security_domain *domain = report->domain;
    char version[16], quorum[64];
    const char *cells[FILE_COLUMNS] = {version, quorum, NULL};
    struct mhsmi_buf tags;
    mhsm_status st = MHSM_OK;
    size_t i;

    mhsmi_buf_init(&tags, TEXT_MAX);
    (void)snprintf(version, sizeof(version), "%u",
                   mhsm_security_domain_version(domain));
    (void)snprintf(quorum, sizeof(quorum), "%u of %zu holders",
                   mhsm_security_domain_quorum(domain),
                   mhsm_security_domain_holder_count(domain));
    for (i = 0; st == MHSM_OK && i < mhsm_security_domain_data_count(domain);
         i++)
        if (!mhsmi_buf_printf(&tags, "%s%s", i == 0 ? "" : ", ",
                              mhsm_security_domain_data_tag(domain, i)))
            st = mhsmi_error_memory(err);
    cells[2] = mhsmi_buf_text(&tags);
    if (st == MHSM_OK)
        st = cli_record(CLI_TABLE, file_columns, FILE_COLUMNS, cells, err);
    if (st == MHSM_OK)
        fputc('\n', stdout);
    mhsmi_buf_clear(&tags);
    return st;
}

static mhsm_status print_rows(const struct report *report, mhsm_error **err)
{
    size_t count = mhsm_security_domain_holder_count(report->domain), i;
    struct cli_list *list = NULL;
    mhsm_status st = cli_list_new(report->cli->output, holder_columns,
                                  HOLDER_COLUMNS, &list, err);

    for (i = 0; st == MHSM_OK && i < count; i++) {
        const struct holder *holder = &report->holders[i];
        char number[32], expires[CLI_TIME_SIZE];
        const char *cells[HOLDER_COLUMNS] = {
            number,
            holder->state,
            mhsm_security_domain_holder_thumbprint(report->domain, i),
            holder->subject,
            cli_time_text(holder->expires, expires),
            holder->finding};

        (void)snprintf(number, sizeof(number), "%zu", i + 1);
        st = cli_list_add(list, cells, NULL, err);
    }
    if (st == MHSM_OK)
        cli_list_end(list);
    cli_list_free(list);
    return st;
}

static int add_holder(struct json_object *list, const struct report *report,
                      size_t index)
{
    const struct holder *holder = &report->holders[index];
    struct json_object *object = json_object_new_object();
    char expires[CLI_TIME_SIZE];
    const char *time = cli_time_text(holder->expires, expires);

    if (object == NULL || json_object_array_add(list, object) != 0) {
        json_object_put(object);
        return 0;
    }
    return mhsmi_json_add_string(
               object, "thumbprint",
               mhsm_security_domain_holder_thumbprint(report->domain, index)) &&
           mhsmi_json_add_string(object, "state", holder->state) &&
           (holder->subject == NULL ||
            mhsmi_json_add_string(object, "subject", holder->subject)) &&
           (time == NULL || mhsmi_json_add_string(object, "expires", time)) &&
           (holder->finding == NULL ||
            mhsmi_json_add_string(object, "finding", holder->finding));
}

static int add_tag(struct json_object *list, const char *tag)
{
    struct json_object *text = json_object_new_string(tag);

    if (text != NULL && json_object_array_add(list, text) == 0)
        return 1;
    json_object_put(text);
    return 0;
}

static mhsm_status print_json(const struct report *report, mhsm_error **err)
{
    const mhsm_security_domain *domain = report->domain;
    struct json_object *root = json_object_new_object();
    struct json_object *tags = json_object_new_array();
    struct json_object *holders = json_object_new_array();
    int ok = mhsmi_json_add(root, "version",
                            json_object_new_int(
                                (int)mhsm_security_domain_version(domain))) &&
             mhsmi_json_add(
                 root, "quorum",
                 json_object_new_int((int)mhsm_security_domain_quorum(domain)));
    mhsm_status st;
    size_t i;

    ok = mhsmi_json_add(root, "data", tags) && ok;
    ok = mhsmi_json_add(root, "holders", holders) && ok;
    for (i = 0; ok && i < mhsm_security_domain_data_count(domain); i++)
        ok = add_tag(tags, mhsm_security_domain_data_tag(domain, i));
    for (i = 0; ok && i < mhsm_security_domain_holder_count(domain); i++)
        ok = add_holder(holders, report, i);
    st = ok ? cli_print_object(root, err) : mhsmi_error_memory(err);
    json_object_put(root);
    return st;
}

static mhsm_status print(const struct report *report, mhsm_error **err)
{
    mhsm_status st = MHSM_OK;

    if (report->cli->output == CLI_JSON)
        return print_json(report, err);
    if (report->cli->output == CLI_TABLE)
        st = print_file(report, err);
    return st == MHSM_OK ? print_rows(report, err) : st;
}

/* The first finding is the error to end with; 0 when there is none. */
static int has_finding(const struct report *report, mhsm_error **err)
{
    size_t i;

    for (i = 0; i < HOLDERS_MAX; i++) {
        if (report->holders[i].finding == NULL)
            continue;
        (void)mhsmi_error(err, MHSM_ERR_DAMAGED, "%s",
                          report->holders[i].finding);
        return 1;
    }
    return 0;
}

mhsm_status cli_domain_inspect(struct cli *cli, mhsm_error **err)
{
    struct report report = {.cli = cli};
    mhsm_status st;

    if ((st = cli_domain_read(cli, &report.domain, err)) != MHSM_OK ||
        (st = cli_certificates_read(cli, CLI_CERT, "--cert",
                                    &report.certificates, err)) != MHSM_OK ||
        (st = look(&report, "whole", err)) != MHSM_OK ||
        (st = print(&report, err)) != MHSM_OK)
        goto out;
    if (has_finding(&report, err))
        st = MHSM_ERR_DAMAGED;

out:
    report_clear(&report);
    return st;
}

/* Whose key this is; the count of holders when it is nobody's. */
static size_t holder_of(const struct report *report,
                        const mhsm_wrapping_certificate *certificate)
{
    const char *thumbprint = mhsm_wrapping_certificate_thumbprint(certificate);
    size_t count = mhsm_security_domain_holder_count(report->domain), i;

    for (i = 0; i < count; i++)
        if (strcmp(mhsm_security_domain_holder_thumbprint(report->domain, i),
                   thumbprint) == 0)
            break;
    return i;
}

/* Try one key.  One that does not open its share is a finding, not an end. */
static mhsm_status try_key(struct report *report, mhsm_domain_opening *opening,
                           const mhsm_wrapping_key *key, mhsm_error **err)
{
    const mhsm_wrapping_certificate *certificate =
        mhsm_wrapping_key_certificate(key);
    size_t index = holder_of(report, certificate);
    mhsm_status st = mhsm_domain_opening_add_key(opening, key, err);
    struct holder *holder;

    if (index == mhsm_security_domain_holder_count(report->domain) ||
        (st != MHSM_OK && st != MHSM_ERR_DAMAGED))
        return st;
    holder = &report->holders[index];
    holder->subject = mhsm_wrapping_certificate_subject(certificate);
    holder->expires = mhsm_wrapping_certificate_expires(certificate);
    holder->state = st == MHSM_OK ? "opens" : "does not open";
    if (st == MHSM_OK)
        return st;
    mhsmi_free(holder->finding);
    holder->finding = mhsmi_strdup(mhsm_error_message(*err));
    mhsm_error_free(err);
    return holder->finding != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

static mhsm_status try_keys(struct report *report, mhsm_domain_opening *opening,
                            mhsm_wrapping_key **keys, mhsm_error **err)
{
    const char *paths[CLI_TAGS_MAX];
    size_t count = cli_repeats(report->cli, CLI_WRAPPING_KEY, paths), i;
    struct cli_passwords passwords;
    mhsm_status st = cli_passwords_open(report->cli, &passwords, err);

    for (i = 0; st == MHSM_OK && i < count; i++) {
        st = cli_wrapping_key_read(report->cli, paths[i], &passwords, &keys[i],
                                   err);
        if (st == MHSM_OK)
            st = try_key(report, opening, keys[i], err);
    }
    if (st == MHSM_OK)
        st = cli_passwords_end(&passwords, err);
    cli_passwords_close(&passwords);
    return st;
}

mhsm_status cli_domain_verify(struct cli *cli, mhsm_error **err)
{
    mhsm_wrapping_key *keys[CLI_TAGS_MAX] = {NULL};
    struct report report = {.cli = cli};
    mhsm_domain_opening *opening = NULL;
    mhsm_status st;
    size_t i;

    if ((st = cli_domain_read(cli, &report.domain, err)) != MHSM_OK ||
        (st = cli_certificates_read(cli, CLI_CERT, "--cert",
                                    &report.certificates, err)) != MHSM_OK ||
        (st = look(&report, "missing", err)) != MHSM_OK ||
        (st = mhsm_domain_opening_new(report.domain, &opening, err)) !=
            MHSM_OK ||
        (st = try_keys(&report, opening, keys, err)) != MHSM_OK ||
        (st = print(&report, err)) != MHSM_OK)
        goto out;
    if (has_finding(&report, err))
        st = MHSM_ERR_DAMAGED;
    else
        st = mhsm_domain_opening_verify(opening, err);
    if (st == MHSM_OK && cli->output == CLI_TABLE)
        fputs("\nThese keys open the security domain.\n", stdout);

out:
    mhsm_domain_opening_free(opening);
    for (i = 0; i < CLI_TAGS_MAX; i++)
        mhsm_wrapping_key_free(keys[i]);
    report_clear(&report);
    return st;
}
