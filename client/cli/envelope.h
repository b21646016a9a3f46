/* SPDX-License-Identifier: MIT
 *
 * What an operation with a key gave: octets with, as far as they apply, the
 * algorithm, the key's exact version, iv, aad and tag.  Its JSON is the
 * service's own answer to such operations, so that a result that was kept can
 * be used again without remembering anything else.
 */
#ifndef MHSM_CLIENT_CLI_ENVELOPE_H
#define MHSM_CLIENT_CLI_ENVELOPE_H

#include "cli/cli.h"
#include "cli/encode.h"

/* Bounds of input; what goes to the service must stay under a megabyte. */
enum { CLI_TEXT_MAX = 512 * 1024, CLI_ENVELOPE_MAX = 2 * 1024 * 1024 };

struct cli_envelope {
    char *alg, *kid; /* NULL when unknown */
    struct mhsmi_buf value, iv, aad, tag;
};

void cli_envelope_init(struct cli_envelope *envelope);
void cli_envelope_clear(struct cli_envelope *envelope);

/* Note which algorithm and which exact key made the value. */
MHSM_NODISCARD mhsm_status cli_envelope_name(struct cli_envelope *envelope,
                                             const mhsm_key *key,
                                             const mhsm_algorithm *algorithm,
                                             mhsm_error **err);

/* The operand or --in; NULL: standard input. */
const char *cli_input_path(const struct cli *cli);
/* Read a result from `path` in the form of --in-format: JSON fills everything,
 * the others only `value`.  DER is left as it is. */
MHSM_NODISCARD mhsm_status cli_envelope_read(const struct cli *cli,
                                             const char *path,
                                             struct cli_envelope *envelope,
                                             mhsm_error **err);

/* The form that --format and -o select.  Refuses octets to a terminal, so it
 * is to be called before the work. */
MHSM_NODISCARD mhsm_status cli_envelope_format(const struct cli *cli,
                                               enum cli_format fallback,
                                               enum cli_format *format,
                                               mhsm_error **err);
/* Write it to --out, or to standard output. */
MHSM_NODISCARD mhsm_status
cli_envelope_write(const struct cli *cli, const struct cli_envelope *envelope,
                   enum cli_format format, int secret, mhsm_error **err);

/* An option whose value is hexadecimal, into `out` (unchanged when it was not
 * given). */
MHSM_NODISCARD mhsm_status cli_hex_option(const struct cli *cli,
                                          enum cli_option_id id,
                                          const char *name,
                                          struct mhsmi_buf *out,
                                          mhsm_error **err);

#endif
