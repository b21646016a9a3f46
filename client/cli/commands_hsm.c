/* SPDX-License-Identifier: MIT
 *
 * The table of what concerns the HSM and this program: login, doctor, config,
 * completion, version.
 */
#include "cli/options.h"

static const struct cli_option doctor_options[] = {
    {CLI_NAME, "key", 0, 0, "NAME", NULL,
     "A key that is to be used: whether it is there, and what the principal "
     "may do with it"},
    CLI_OPTIONS_END};

const struct cli_command cli_hsm_commands[] = {
    {"login",
     "test",
     "Tell whose token is used, and whether the HSM accepts it",
     "Says which credential gave a token and what became of the others, whose "
     "token it is, and what the HSM says to it. The token itself is never "
     "shown.\n\n"
     "Exit status 0 means that the HSM knows the principal, whatever its "
     "roles are: listing keys, which is tried, needs more than signing with "
     "one. tsv: HSM, credential, kind, tenant, object id, application id, "
     "audience, expires, answer, what became of the other credentials.",
     {NULL},
     NULL,
     NULL,
     cli_login_test},
    {NULL,
     "doctor",
     "Find out why the HSM cannot be used",
     "Walks the way to the HSM: configuration, name resolution (public or "
     "private endpoint), TCP, TLS, clock, challenge and tenant, access token, "
     "the HSM's firewall, activation, local RBAC, round-trip time. Each step "
     "tells what it saw, what that means and what to do next; one that cannot "
     "run tells why. It changes nothing, shows no secret, needs no right, and "
     "takes half a minute at most.\n\n"
     "Exit status 1 when there are findings, 0 when there are none. json: one "
     "object, fit for a ticket. tsv: step, mark (ok, warn, fail, skipped), "
     "what was seen, what it means, what to do.",
     {doctor_options},
     NULL,
     NULL,
     cli_doctor},
    {"config",
     "show",
     "Show every option, its value and where it came from",
     "Secrets are shown as references only. tsv: option, value, origin.",
     {NULL},
     NULL,
     NULL,
     cli_config_show},
    {NULL,
     "completion",
     "Write a completion of the command line for bash or zsh",
     "Installed where the shells look for it; otherwise: source <(mhsm "
     "completion bash), or for zsh a file _mhsm in a folder of fpath.",
     {NULL},
     "SHELL",
     "bash or zsh",
     cli_completion},
    {NULL,
     "version",
     "Show the versions of mhsm and its libraries",
     NULL,
     {NULL},
     NULL,
     NULL,
     cli_version},
    CLI_COMMANDS_END};
