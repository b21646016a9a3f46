/* SPDX-License-Identifier: MIT
 *
 * The table of what proves that an HSM came back whole.
 */
#include "cli/options.h"

static const struct cli_option take_options[] = {
    {CLI_OUT, "out", 'f', CLI_REQUIRED, "FILE", NULL,
     "Where to write it, whole or not at all; an older one is replaced"},
    {CLI_NO_WITNESSES, "no-witnesses", 0, 0, NULL, NULL,
     "Wrap nothing with symmetric keys: then only their presence can be "
     "proven"},
    CLI_OPTIONS_END};

const struct cli_command cli_recovery_commands[] = {
    {"inventory",
     "take",
     "Put on record which keys an HSM has",
     "Every version of every key with its public key, and for each symmetric "
     "key that may wrap and unwrap a witness: random octets that it wrapped, "
     "and their SHA-256. There is no secret in it. To be taken with each "
     "backup and kept with it. A request a version, at least. Needs keys/read "
     "and, for witnesses, keys/wrap (Managed HSM Crypto User).\n\n"
     "tsv: HSM, taken, keys, versions, file.",
     {take_options},
     NULL,
     NULL,
     cli_inventory_take},
    {"inventory",
     "prove",
     "Hold an HSM against an inventory",
     "Gets every version that is on record, compares its public key and uses "
     "it once: a signature that the HSM makes must be valid under the recorded "
     "public key, or what is encrypted to that must decrypt there, or the "
     "witness must unwrap.\n\n"
     "works: all of that is so. same: the same public key, which could not be "
     "used (the reason is told). present: a symmetric key that nothing can be "
     "told of. missing, different, wrong: what they say; exit status 1 when "
     "there is one of these, 0 otherwise.\n\n"
     "tsv, a line each version: name, version, proof, reason.",
     {NULL},
     "FILE",
     "The inventory",
     cli_inventory_prove},
    CLI_COMMANDS_END};
