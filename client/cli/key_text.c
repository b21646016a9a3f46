/* SPDX-License-Identifier: MIT
 *
 * The record of one key.  tsv has the columns up to kid and will not change;
 * a table also tells what only the JSON holds.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/key_text.h"
#include "cli/out.h"

static const struct cli_column columns[] = {
    {"Name", 0},       {"Version", 0},        {"Type", 0},    {"Size", 0},
    {"Enabled", 0},    {"Operations", 0},     {"Created", 0}, {"Updated", 0},
    {"Not before", 0}, {"Expires", 0},        {"kid", 0},     {"URI", 0},
    {"Tags", 0},       {"Recovery level", 0}, {"Deleted", 0}, {"Purged at", 0},
    {"Exportable", 0},
};

enum {
    COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]),
    TSV_COUNT = 11,
    TEXT_MAX = 64 * 1024
};

static int join_operations(struct mhsmi_buf *out, unsigned int operations)
{
    unsigned int bit;

    for (bit = 1; bit <= MHSM_OP_EXPORT; bit <<= 1)
        if ((operations & bit) != 0 &&
            !mhsmi_buf_printf(out, "%s%s", out->size ? "," : "",
                              mhsm_operation_name(bit)))
            return 0;
    return 1;
}

static int join_tags(struct mhsmi_buf *out, struct json_object *tags)
{
    if (tags == NULL)
        return 1;
    json_object_object_foreach(tags, name, value)
    {
        const char *text = json_object_get_string(value);

        if (!mhsmi_buf_printf(out, "%s%s=%s", out->size ? ", " : "", name,
                              text != NULL ? text : ""))
            return 0;
    }
    return 1;
}

static const char *size_text(const mhsm_key *key, char *text, size_t size)
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(key));
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);

    if (curve != NULL)
        return curve->name;
    if (set != NULL)
        return set->name;
    if (mhsm_key_bits(key) == 0)
        return NULL;
    snprintf(text, size, "%u", mhsm_key_bits(key));
    return text;
}

/* NULL for keys that stay in the HSM. */
static const char *exportable_text(struct json_object *bundle,
                                   struct json_object *attributes)
{
    struct json_object *policy = mhsmi_json_object(bundle, "release_policy");

    if (!mhsmi_json_bool(attributes, "exportable", 0))
        return NULL;
    return mhsmi_json_bool(policy, "immutable", 0)
               ? "yes, by a policy that is immutable"
               : "yes, by its release policy";
}

static const char *or_null(const struct mhsmi_buf *buf)
{
    return buf->size != 0 ? mhsmi_buf_text(buf) : NULL;
}

static mhsm_status print_record(const struct cli *cli, const mhsm_key *key,
                                struct json_object *bundle, mhsm_error **err)
{
    char times[6][CLI_TIME_SIZE], size[16];
    struct json_object *attributes = mhsmi_json_object(bundle, "attributes");
    struct mhsmi_buf operations, tags;
    const char *version = mhsm_key_version(key);
    mhsm_status st;

    mhsmi_buf_init(&operations, TEXT_MAX);
    mhsmi_buf_init(&tags, TEXT_MAX);
    if (!join_operations(&operations, mhsm_key_operations(key)) ||
        !join_tags(&tags, mhsmi_json_object(bundle, "tags"))) {
        st = mhsmi_error_memory(err);
    } else {
        const char *cells[COLUMN_COUNT] = {
            mhsm_key_name(key),
            version,
            mhsmi_json_string(mhsmi_json_object(bundle, "key"), "kty"),
            size_text(key, size, sizeof(size)),
            mhsm_key_enabled(key) ? "yes" : "no",
            or_null(&operations),
            cli_time_text(mhsm_key_created(key), times[0]),
            cli_time_text(mhsm_key_updated(key), times[1]),
            cli_time_text(mhsm_key_not_before(key), times[2]),
            cli_time_text(mhsm_key_expires(key), times[3]),
            mhsm_key_id(key),
            mhsm_key_uri(key),
            or_null(&tags),
            mhsmi_json_string(attributes, "recoveryLevel"),
            cli_time_text(mhsmi_json_int(bundle, "deletedDate", 0), times[4]),
            cli_time_text(mhsmi_json_int(bundle, "scheduledPurgeDate", 0),
                          times[5]),
            exportable_text(bundle, attributes),
        };

        st = cli_record(cli->output, columns,
                        cli->output == CLI_TSV ? TSV_COUNT : COLUMN_COUNT,
                        cells, err);
    }
    mhsmi_buf_clear(&operations);
    mhsmi_buf_clear(&tags);
    return st;
}

mhsm_status cli_print_key(const struct cli *cli, const mhsm_key *key,
                          mhsm_error **err)
{
    const char *json = mhsm_key_json(key);
    struct json_object *bundle;
    mhsm_status st;

    if (cli->output == CLI_JSON)
        return cli_print_json(json, err);
    bundle = mhsmi_json_parse(json, strlen(json));
    st = print_record(cli, key, bundle, err);
    json_object_put(bundle);
    return st;
}
