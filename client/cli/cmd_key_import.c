/* SPDX-License-Identifier: MIT
 *
 * mhsm key import, byok-package: keys from outside, in the open or sealed.
 */
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/key_text.h"
#include "cli/material.h"
#include "cli/members.h"

enum { PACKAGE_MAX = 64 * 1024, KEK_MAX = 64 * 1024 };

/* What is imported, one or the other. */
struct source {
    mhsm_material *material;
    struct mhsmi_buf package;
};

static mhsm_status read_source(const struct cli *cli, struct source *source,
                               mhsm_key_spec *spec, mhsm_error **err)
{
    const char *byok = cli->values[CLI_BYOK], *kty = cli->values[CLI_KTY];

    if (byok == NULL) {
        if (kty != NULL)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--kty is about --byok: a private key says by "
                               "itself what it is");
        return cli_material_read(cli, &source->material, err);
    }
    if (cli->operand != NULL || cli->values[CLI_IN] != NULL ||
        cli->values[CLI_IN_FORMAT] != NULL || cli->values[CLI_PASSWORD] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--byok is the input: it excludes another, "
                           "--in-format and --password");
    spec->type = kty != NULL ? mhsm_key_type_find(kty) : MHSM_KEY_RSA;
    if (spec->type == MHSM_KEY_UNKNOWN || spec->type == MHSM_KEY_AKP)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--kty %s: it is one of RSA, EC, oct", kty);
    return cli_file_slurp(byok, &source->package, err);
}

mhsm_status cli_key_import(struct cli *cli, mhsm_error **err)
{
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    struct source source = {.material = NULL};
    struct cli_members members;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    cli_members_init(&members);
    mhsmi_buf_init(&source.package, PACKAGE_MAX);
    if ((st = cli_members_read(cli, &members, err)) != MHSM_OK)
        goto out;
    cli_members_apply(&members, &spec);
    spec.hardware = cli->values[CLI_HARDWARE] != NULL;
    if ((st = read_source(cli, &source, &spec, err)) != MHSM_OK ||
        (st = cli_open(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK)
        goto out;
    st = source.material != NULL
             ? mhsm_key_import(cli->client, uri, source.material, &spec, &key,
                               err)
             : mhsm_key_import_byok(cli->client, uri, source.package.data,
                                    source.package.size, &spec, &key, err);
    if (st == MHSM_OK)
        st = cli_print_key(cli, key, err);

out:
    mhsm_material_free(source.material);
    mhsmi_buf_clear(&source.package);
    cli_members_clear(&members);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

/* A URI is only looked at, never gone to. */
static mhsm_status read_kek(struct cli *cli, struct mhsmi_buf *kek,
                            mhsm_uri **uri, mhsm_error **err)
{
    const char *id = cli->values[CLI_KEK_ID];
    mhsm_status st = cli_file_slurp(cli->values[CLI_KEK], kek, err);

    if (st != MHSM_OK || id == NULL)
        return st;
    st = cli_connect(cli, err);
    if (st == MHSM_OK)
        st = mhsm_uri_parse(cli->client, id, uri, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "--kek-id");
    return st;
}

mhsm_status cli_key_byok_package(struct cli *cli, mhsm_error **err)
{
    mhsm_material *material = NULL;
    mhsm_result *package = NULL;
    const unsigned char *data;
    struct mhsmi_buf kek;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t size;

    mhsmi_buf_init(&kek, KEK_MAX);
    if ((st = read_kek(cli, &kek, &uri, err)) != MHSM_OK ||
        (st = cli_material_read(cli, &material, err)) != MHSM_OK ||
        (st = mhsm_byok_package(material, kek.data, kek.size, uri, &package,
                                err)) != MHSM_OK)
        goto out;
    data = mhsm_result_data(package, &size);
    st = cli_file_write(cli->values[CLI_OUT], 1, data, size, err);

out:
    mhsm_result_free(package);
    mhsm_material_free(material);
    mhsmi_buf_clear(&kek);
    mhsm_uri_free(uri);
    return st;
}
