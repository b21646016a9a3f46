/* SPDX-License-Identifier: MIT
 *
 * mhsm key create, rotate, show, show-deleted, delete, recover, purge.  What
 * removes a key asks first; what makes one is sent once.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/key_text.h"
#include "cli/members.h"
#include "cli/wait.h"

static mhsm_status parse_type(const struct cli *cli, mhsm_key_spec *spec,
                              mhsm_error **err)
{
    const char *kty = cli->values[CLI_KTY], *size = cli->values[CLI_SIZE];
    const char *curve = cli->values[CLI_CURVE];
    const mhsm_parameter_set *set = mhsm_parameter_set_find(kty);
    const mhsm_curve_info *info;
    unsigned long bits = 0;
    mhsm_status st;

    spec->type = kty != NULL ? mhsm_key_type_find(kty) : MHSM_KEY_RSA;
    spec->hardware = kty != NULL && strchr(kty, '-') != NULL && set == NULL;
    if (set != NULL) {
        spec->type = MHSM_KEY_AKP;
        spec->algorithm = set->name;
    } else if (spec->type == MHSM_KEY_UNKNOWN || spec->type == MHSM_KEY_AKP) {
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--kty %s: it is one of RSA, EC, oct, ML-DSA-44, "
                           "ML-DSA-65, ML-DSA-87",
                           kty);
    }
    if (size != NULL && spec->type != MHSM_KEY_RSA &&
        spec->type != MHSM_KEY_OCT)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--size is for RSA and oct; EC has --curve");
    if (curve != NULL && spec->type != MHSM_KEY_EC)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "--curve is for EC");
    if (size != NULL) {
        st = cli_parse_number("--size", size, 1, 16384, &bits, err);
        if (st != MHSM_OK)
            return st;
        spec->bits = (unsigned int)bits;
    }
    if (curve != NULL) {
        info = mhsm_curve_by_name(curve);
        if (info == NULL)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--curve %s: it is one of P-256, P-384, P-521, "
                               "P-256K",
                               curve);
        spec->curve = info->curve;
    }
    return MHSM_OK;
}

static mhsm_status parse_spec(const struct cli *cli,
                              struct cli_members *members, mhsm_key_spec *spec,
                              mhsm_error **err)
{
    mhsm_status st = parse_type(cli, spec, err);

    if (st == MHSM_OK)
        st = cli_members_read(cli, members, err);
    if (st == MHSM_OK)
        cli_members_apply(members, spec);
    return st;
}

/* What is being deleted or recovered under this name will be done with it: the
 * refusal says that nothing was made, so this request may be sent again. */
static int is_busy(mhsm_status st, const mhsm_error *err)
{
    return st == MHSM_ERR_CONFLICT &&
           mhsmi_text_find(mhsm_error_code(err), "ObjectIsBeing") != NULL;
}

static mhsm_status create(struct cli *cli, const mhsm_uri *uri,
                          const mhsm_key_spec *spec, mhsm_key **key,
                          mhsm_error **err)
{
    mhsm_error *failure = NULL;
    mhsm_uri *made = NULL;
    struct cli_wait wait;
    mhsm_status st = cli_wait_begin(cli, &wait, err);

    if (st != MHSM_OK)
        return st;
    do {
        mhsm_error_free(&failure);
        st = mhsm_key_create(cli->client, uri, spec, key, &failure);
    } while (is_busy(st, failure) && cli_wait_more(&wait));
    if (st != MHSM_OK) {
        *err = failure;
        return st;
    }
    st = mhsm_uri_parse(cli->client, mhsm_key_uri(*key), &made, err);
    if (st == MHSM_OK)
        st = cli_wait_until(cli, &wait, made, CLI_WAIT_LIVE, err);
    mhsm_uri_free(made);
    return st;
}

mhsm_status cli_key_create(struct cli *cli, mhsm_error **err)
{
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    struct cli_members members;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    cli_members_init(&members);
    if ((st = parse_spec(cli, &members, &spec, err)) != MHSM_OK ||
        (st = cli_open(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK ||
        (st = create(cli, uri, &spec, &key, err)) != MHSM_OK)
        goto out;
    st = cli_print_key(cli, key, err);

out:
    cli_members_clear(&members);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

/* One request that answers with a key. */
typedef mhsm_status (*key_call)(mhsm_client *client, const mhsm_uri *uri,
                                mhsm_key **key, mhsm_error **err);

/* What a command does with the key that is named. */
struct action {
    enum cli_target target;
    const char *question; /* to be asked before, or NULL */
    key_call call;
    enum cli_wait_for state;
};

static mhsm_status run(struct cli *cli, const struct action *action,
                       mhsm_error **err)
{
    struct cli_wait wait;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if ((st = cli_wait_begin(cli, &wait, err)) != MHSM_OK ||
        (st = cli_open(cli, action->target, &uri, err)) != MHSM_OK ||
        (action->question != NULL &&
         (st = cli_confirm(cli, action->question, mhsm_uri_text(uri), err)) !=
             MHSM_OK) ||
        (st = action->call(cli->client, uri, &key, err)) != MHSM_OK ||
        (st = cli_wait_until(cli, &wait, uri, action->state, err)) != MHSM_OK)
        goto out;
    if (key != NULL)
        st = cli_print_key(cli, key, err);

out:
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status purge(mhsm_client *client, const mhsm_uri *uri,
                         mhsm_key **key, mhsm_error **err)
{
    *key = NULL;
    return mhsm_key_purge(client, uri, err);
}

mhsm_status cli_key_rotate(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {CLI_TARGET_NAME, NULL, mhsm_key_rotate,
                                         CLI_WAIT_NOTHING};

    return run(cli, &action, err);
}

mhsm_status cli_key_show(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {CLI_TARGET_KEY, NULL, mhsm_key_get,
                                         CLI_WAIT_NOTHING};

    return run(cli, &action, err);
}

mhsm_status cli_key_show_deleted(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {
        CLI_TARGET_NAME, NULL, mhsm_key_get_deleted, CLI_WAIT_NOTHING};

    return run(cli, &action, err);
}

mhsm_status cli_key_delete(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {CLI_TARGET_NAME,
                                         "Delete, with all its versions,",
                                         mhsm_key_delete, CLI_WAIT_DELETED};

    return run(cli, &action, err);
}

mhsm_status cli_key_recover(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {CLI_TARGET_NAME, NULL,
                                         mhsm_key_recover, CLI_WAIT_LIVE};

    return run(cli, &action, err);
}

mhsm_status cli_key_purge(struct cli *cli, mhsm_error **err)
{
    static const struct action action = {CLI_TARGET_NAME, "Destroy for good",
                                         purge, CLI_WAIT_PURGED};

    return run(cli, &action, err);
}
