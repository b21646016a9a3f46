/* SPDX-License-Identifier: MIT
 *
 * mhsm random: octets of the HSM's generator.  They may become a key: treated
 * as a secret.
 */
#include "cli/envelope.h"

mhsm_status cli_random(struct cli *cli, mhsm_error **err)
{
    enum cli_format format = CLI_FORMAT_RAW;
    struct cli_envelope envelope;
    const unsigned char *data;
    unsigned long count = 32;
    mhsm_result *result = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st = MHSM_OK;
    size_t size;

    cli_envelope_init(&envelope);
    if (cli->values[CLI_COUNT] != NULL)
        st = cli_parse_number("--count", cli->values[CLI_COUNT], 1,
                              1024UL * 1024, &count, err);
    if (st != MHSM_OK ||
        (st = cli_envelope_format(cli, CLI_FORMAT_RAW, &format, err)) !=
            MHSM_OK ||
        (st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_random(cli->client, uri, count, &result, err)) != MHSM_OK)
        goto out;
    data = mhsm_result_data(result, &size);
    st = mhsmi_buf_append(&envelope.value, data, size)
             ? cli_envelope_write(cli, &envelope, format, 1, err)
             : mhsmi_error_memory(err);

out:
    mhsm_result_free(result);
    mhsm_uri_free(uri);
    cli_envelope_clear(&envelope);
    return st;
}
