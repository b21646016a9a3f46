/* SPDX-License-Identifier: MIT
 *
 * mhsm key create, show, show-deleted, delete, recover, purge.  What removes a
 * key asks first; what makes one is sent once.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/key_text.h"
#include "cli/text.h"

/* "sign,verify" to a mask. */
static mhsm_status parse_operations(const char *text, unsigned int *mask,
                                    mhsm_error **err)
{
    const char *at = text;
    unsigned int all = 0, bit;

    for (;;) {
        size_t size = strcspn(at, ",");
        char *name = mhsmi_strndup(at, size);

        if (name == NULL)
            return mhsmi_error_memory(err);
        bit = mhsm_operation_find(name);
        mhsmi_free(name);
        if (bit == 0)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--ops: %.*s is not an operation", (int)size,
                               at);
        all |= bit;
        if (at[size] == 0)
            break;
        at += size + 1;
    }
    *mask = all;
    return MHSM_OK;
}

static mhsm_status check_tags(const struct cli *cli, mhsm_error **err)
{
    size_t i;

    for (i = 0; i < cli->tag_count; i++) {
        const char *equals = strchr(cli->tags[i], '=');

        if (equals == NULL || equals == cli->tags[i])
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--tags %s: it is NAME=VALUE", cli->tags[i]);
        if (equals - cli->tags[i] > 256 || strlen(equals + 1) > 256)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--tags: a name or value is longer than 256");
    }
    return MHSM_OK;
}

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

static mhsm_status parse_spec(const struct cli *cli, mhsm_key_spec *spec,
                              mhsm_error **err)
{
    const char *ops = cli->values[CLI_OPS], *nbf = cli->values[CLI_NOT_BEFORE];
    const char *exp = cli->values[CLI_EXPIRES];
    mhsm_status st = parse_type(cli, spec, err);

    if (st == MHSM_OK && ops != NULL)
        st = parse_operations(ops, &spec->operations, err);
    if (st == MHSM_OK && nbf != NULL)
        st = cli_parse_time("--not-before", nbf, &spec->not_before, err);
    if (st == MHSM_OK && exp != NULL)
        st = cli_parse_time("--expires", exp, &spec->expires, err);
    if (st == MHSM_OK && nbf != NULL && exp != NULL &&
        spec->expires <= spec->not_before)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--expires is not after --not-before");
    if (st == MHSM_OK)
        st = check_tags(cli, err);
    spec->tags = cli->tags;
    spec->tag_count = cli->tag_count;
    spec->disabled = cli->values[CLI_DISABLED] != NULL;
    spec->exportable = cli->values[CLI_EXPORTABLE] != NULL;
    return st;
}

mhsm_status cli_key_create(struct cli *cli, mhsm_error **err)
{
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if ((st = parse_spec(cli, &spec, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_create(cli->client, uri, &spec, &key, err)) != MHSM_OK)
        goto out;
    st = cli_print_key(cli, key, err);

out:
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

/* Ask on stderr, so that the answer to a redirected command is not lost in
 * its output. */
static mhsm_status confirm(const struct cli *cli, const char *what,
                           const mhsm_uri *uri, mhsm_error **err)
{
    char answer[16] = "";

    if (cli->values[CLI_YES] != NULL)
        return MHSM_OK;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--yes is needed when there is no terminal to ask "
                           "at");
    fputs(what, stderr);
    fputc(' ', stderr);
    cli_text_print(stderr, mhsm_uri_text(uri));
    fputs("? [y/N] ", stderr);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL ||
        (strcmp(answer, "y\n") != 0 && strcmp(answer, "Y\n") != 0 &&
         strcmp(answer, "yes\n") != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "not confirmed: nothing was done");
    return MHSM_OK;
}

/* One request that answers with a key. */
typedef mhsm_status (*key_call)(mhsm_client *client, const mhsm_uri *uri,
                                mhsm_key **key, mhsm_error **err);

static mhsm_status run(struct cli *cli, enum cli_target target,
                       const char *question, key_call call, mhsm_error **err)
{
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, target, &uri, err)) != MHSM_OK ||
        (question != NULL &&
         (st = confirm(cli, question, uri, err)) != MHSM_OK) ||
        (st = call(cli->client, uri, &key, err)) != MHSM_OK)
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

mhsm_status cli_key_show(struct cli *cli, mhsm_error **err)
{
    return run(cli, CLI_TARGET_KEY, NULL, mhsm_key_get, err);
}

mhsm_status cli_key_show_deleted(struct cli *cli, mhsm_error **err)
{
    return run(cli, CLI_TARGET_NAME, NULL, mhsm_key_get_deleted, err);
}

mhsm_status cli_key_delete(struct cli *cli, mhsm_error **err)
{
    return run(cli, CLI_TARGET_NAME, "Delete, with all its versions,",
               mhsm_key_delete, err);
}

mhsm_status cli_key_recover(struct cli *cli, mhsm_error **err)
{
    return run(cli, CLI_TARGET_NAME, NULL, mhsm_key_recover, err);
}

mhsm_status cli_key_purge(struct cli *cli, mhsm_error **err)
{
    return run(cli, CLI_TARGET_NAME, "Destroy for good", purge, err);
}
