/* SPDX-License-Identifier: MIT
 *
 * The tables of the command line: nouns, verbs, options, exit statuses.  To
 * add a command is to add a row here and a function in a cmd_*.c.
 */
#include "cli/command.h"

const struct cli_option cli_global_options[] = {
    {CLI_OUTPUT, "output", 'o', 0, "FORMAT", "table|json|tsv",
     "How results are printed; table when not given"},
    {CLI_HSM, "hsm", 0, 0, "NAME|URL", NULL,
     "The HSM: its name (NAME.managedhsm.azure.net) or URL; the same as "
     "--endpoint"},
    {CLI_HSM, "hsm-name", 0, 0, "NAME|URL", NULL, "The same as --hsm"},
    {CLI_DEBUG, "debug", 0, 0, NULL, NULL,
     "Log requests on standard error; the same as --log-level debug"},
    {CLI_HELP, "help", 'h', 0, NULL, NULL, "Show help and exit"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option name_options[] = {
    {CLI_NAME, "name", 'n', 0, "NAME", NULL, "The key's name"},
    {CLI_ID, "id", 0, 0, "URI", NULL,
     "The key's URI (mhsm:NAME, mhsm://HOST/keys/NAME) or its kid "
     "(https://HOST/keys/NAME), in place of --name and --hsm"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option key_options[] = {
    {CLI_NAME, "name", 'n', 0, "NAME", NULL, "The key's name"},
    {CLI_VERSION, "version", 'v', 0, "VERSION", NULL,
     "The key's version; the latest one when not given"},
    {CLI_ID, "id", 0, 0, "URI", NULL,
     "The key's URI (mhsm:NAME[/VERSION], mhsm://HOST/keys/NAME[/VERSION]) or "
     "its kid (https://HOST/keys/NAME/VERSION), in place of --name, "
     "--version and --hsm"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option create_options[] = {
    {CLI_KTY, "kty", 0, 0, "TYPE", NULL,
     "RSA (when not given), EC or oct, with or without -HSM; or ML-DSA-44, "
     "ML-DSA-65 or ML-DSA-87, which need api-version 2026-05-01-preview"},
    {CLI_SIZE, "size", 0, 0, "BITS", NULL,
     "RSA: 2048 (when not given), 3072 or 4096; oct: 128, 192 or 256 (when "
     "not given)"},
    {CLI_CURVE, "curve", 0, 0, "CURVE", NULL,
     "EC: P-256 (when not given), P-384, P-521 or P-256K (secp256k1)"},
    {CLI_OPS, "ops", 0, 0, "OP,...", NULL,
     "Allowed operations, of sign, verify, encrypt, decrypt, wrapKey, "
     "unwrapKey, import, export; all that fit the type when not given"},
    {CLI_TAGS, "tags", 0, CLI_REPEATED, "NAME=VALUE", NULL,
     "A tag; may be given up to 15 times"},
    {CLI_NOT_BEFORE, "not-before", 0, 0, "TIME", NULL,
     "Not usable before: ISO 8601 (2026-01-31T12:00:00Z, or 2026-01-31) or "
     "Unix seconds"},
    {CLI_EXPIRES, "expires", 0, 0, "TIME", NULL, "Not usable after"},
    {CLI_DISABLED, "disabled", 0, 0, NULL, NULL, "Create the key disabled"},
    {CLI_EXPORTABLE, "exportable", 0, 0, NULL, NULL,
     "Mark the key exportable; the service wants a release policy with it"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option confirm_options[] = {
    {CLI_YES, "yes", 'y', 0, NULL, NULL,
     "Do not ask; needed when there is no terminal to ask at"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

#define ALGORITHM_OPTION(defaults)                                             \
    {                                                                          \
        CLI_ALGORITHM, "algorithm", 'a', 0, "NAME", NULL,                      \
            "The algorithm; when not given, " defaults                         \
    }
#define IN_OPTION                                                              \
    {                                                                          \
        CLI_IN, "in", 'i', 0, "FILE", NULL, "Input, the same as the operand"   \
    }
#define OUT_OPTION                                                             \
    {                                                                          \
        CLI_OUT, "out", 'f', 0, "FILE", NULL,                                  \
            "Write here instead of standard output, whole or not at all"       \
    }

static const struct cli_option download_options[] = {
    {CLI_ENCODING, "encoding", 'e', 0, "ENCODING", "PEM|DER",
     "Of the SubjectPublicKeyInfo; PEM when not given"},
    OUT_OPTION,
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option pem_options[] = {
    {CLI_PSS, "pss", 0, 0, "DIGEST", "sha256|sha384|sha512|any",
     "Of an RSA key: the key in the file is for PSS signatures alone, with "
     "this "
     "digest (any: with each); its certificates then say so"},
    OUT_OPTION,
    {0, NULL, 0, 0, NULL, NULL, NULL}};

#define CONTEXT_OPTION                                                         \
    {                                                                          \
        CLI_CONTEXT, "context", 0, 0, "HEX", NULL,                             \
            "ML-DSA: the context of the message, up to 255 octets; none when " \
            "not given"                                                        \
    }

static const struct cli_option sign_options[] = {
    ALGORITHM_OPTION("PS256 for RSA, the curve's ES algorithm for EC, HS256 "
                     "for oct keys, and the one of an ML-DSA key"),
    {CLI_DIGEST, "digest", 0, 0, "HEX", NULL,
     "Sign this digest (ML-DSA: the 64 octets of mu) instead of a file's"},
    CONTEXT_OPTION,
    IN_OPTION,
    OUT_OPTION,
    {CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|der|base64|base64url|hex|json",
     "Of the signature: raw octets when not given (ECDSA: r || s); der: as "
     "OpenSSL writes ECDSA signatures; json: with alg and kid"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option verify_options[] = {
    ALGORITHM_OPTION("as for sign, or what a JSON signature names"),
    {CLI_SIGNATURE, "signature", 's', CLI_REQUIRED, "FILE", NULL,
     "The signature"},
    {CLI_DIGEST, "digest", 0, 0, "HEX", NULL,
     "Verify against this digest (ML-DSA: mu) instead of a file's"},
    CONTEXT_OPTION,
    IN_OPTION,
    {CLI_IN_FORMAT, "in-format", 0, 0, "FORMAT",
     "auto|raw|der|base64|base64url|hex|json",
     "Of the signature: auto when not given, which takes json for json and "
     "everything else for raw"},
    {CLI_REMOTE, "remote", 0, 0, NULL, NULL,
     "Let the HSM verify; needs keys/verify. RSA, EC and, by OpenSSL 3.5, "
     "ML-DSA signatures are verified here with the public key when not given"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option encrypt_options[] = {
    ALGORITHM_OPTION("RSA-OAEP-256 for RSA and A256GCM for oct keys"),
    IN_OPTION,
    OUT_OPTION,
    {CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|base64|base64url|hex|json",
     "Of the result: raw octets for RSA and json (with alg, kid, iv, tag) for "
     "AES when not given"},
    {CLI_IV, "iv", 0, 0, "HEX", NULL,
     "AES-CBC: the 16 octets to begin with; random when not given. AES-GCM "
     "takes none: the HSM makes it"},
    {CLI_AAD, "aad", 0, 0, "HEX", NULL,
     "AES-GCM: data that is authenticated and not encrypted"},
    {CLI_REMOTE, "remote", 0, 0, NULL, NULL,
     "Let the HSM encrypt with an RSA key; needs keys/encrypt. Done here "
     "with the public key when not given"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

#define IN_FORMAT_OPTION                                                       \
    {                                                                          \
        CLI_IN_FORMAT, "in-format", 0, 0, "FORMAT",                            \
            "auto|raw|base64|base64url|hex|json",                              \
            "Of the input: auto when not given, which takes json for json "    \
            "and everything else for raw"                                      \
    }
#define PLAIN_FORMAT_OPTION                                                    \
    {                                                                          \
        CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|base64|base64url|hex|json", \
            "Of the result: raw octets when not given"                         \
    }

static const struct cli_option decrypt_options[] = {
    ALGORITHM_OPTION("what a JSON input names, else RSA-OAEP-256 for RSA and "
                     "A256GCM for oct keys"),
    IN_OPTION,
    OUT_OPTION,
    IN_FORMAT_OPTION,
    PLAIN_FORMAT_OPTION,
    {CLI_IV, "iv", 0, 0, "HEX", NULL, "AES: when the input is not json"},
    {CLI_AAD, "aad", 0, 0, "HEX", NULL,
     "AES-GCM: the authenticated data; overrides what a JSON input says"},
    {CLI_TAG, "tag", 0, 0, "HEX", NULL, "AES-GCM: when the input is not json"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option wrap_options[] = {
    ALGORITHM_OPTION("RSA-OAEP-256 for RSA and A256KW for oct keys"),
    IN_OPTION,
    OUT_OPTION,
    {CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|base64|base64url|hex|json",
     "Of the result: raw octets when not given; json: with alg and kid, so "
     "that unwrap finds the version"},
    {CLI_REMOTE, "remote", 0, 0, NULL, NULL,
     "Let the HSM wrap with an RSA key; needs keys/wrap. Done here with the "
     "public key when not given"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option unwrap_options[] = {
    ALGORITHM_OPTION("what a JSON input names, else RSA-OAEP-256 for RSA and "
                     "A256KW for oct keys"),
    IN_OPTION,
    OUT_OPTION,
    IN_FORMAT_OPTION,
    PLAIN_FORMAT_OPTION,
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option random_options[] = {
    {CLI_COUNT, "count", 'c', 0, "NUMBER", NULL,
     "How many octets, 1 to 1048576; 32 when not given"},
    OUT_OPTION,
    PLAIN_FORMAT_OPTION,
    {0, NULL, 0, 0, NULL, NULL, NULL}};

static const struct cli_option doctor_options[] = {
    {CLI_NAME, "key", 0, 0, "NAME", NULL,
     "A key that is to be used: whether it is there, and what the principal "
     "may do with it"},
    {0, NULL, 0, 0, NULL, NULL, NULL}};

const struct cli_noun cli_nouns[] = {{"key", "Create, list and remove keys"},
                                     {"login", "Who this is to the HSM"},
                                     {"config", "The options in force"},
                                     {NULL, NULL}};

#define FILE_OPERAND "FILE", "Input; standard input when not given or -"

const struct cli_command cli_commands[] = {
    {"key",
     "create",
     "Create a key, or a new version of one",
     "Needs keys/create (Managed HSM Crypto User). The request is sent once "
     "and never repeated: repeating it would make another version.",
     {name_options, create_options},
     NULL,
     NULL,
     cli_key_create},
    {"key",
     "list",
     "List the keys",
     "Needs keys/read. tsv: name, enabled, created, updated, not before, "
     "expires, kid.",
     {NULL},
     NULL,
     NULL,
     cli_key_list},
    {"key",
     "list-versions",
     "List the versions of a key",
     "Needs keys/read. tsv: version, enabled, created, updated, not before, "
     "expires, kid.",
     {name_options},
     NULL,
     NULL,
     cli_key_list_versions},
    {"key",
     "show",
     "Show a key's public part and attributes",
     "Needs keys/read. tsv: name, version, type, size or curve, enabled, "
     "operations, created, updated, not before, expires, kid. json: the "
     "KeyBundle as the service gives it.",
     {key_options},
     NULL,
     NULL,
     cli_key_show},
    {"key",
     "download",
     "Save the public key of an RSA or EC key",
     "What openssl needs to verify and to encrypt without the HSM. Needs "
     "keys/read.",
     {key_options, download_options},
     NULL,
     NULL,
     cli_key_download},
    {"key",
     "pem",
     "Write a key reference: a PEM file that stands for the key",
     "For programs that take a private key only as a file: where the provider "
     "mhsm is loaded, the file loads as the key, and the key stays in the HSM. "
     "It names the exact version and holds the public key, so loading it makes "
     "no request. It holds no secret and is written as the umask says; what "
     "uses the key still needs a credential with rights to it. Needs "
     "keys/read.",
     {key_options, pem_options},
     NULL,
     NULL,
     cli_key_pem},
    {"key",
     "list-deleted",
     "List the soft-deleted keys",
     "Needs keys/deletedKeys/read (Managed HSM Crypto Officer or Auditor). "
     "tsv: name, deleted, purged at, enabled, created, kid.",
     {NULL},
     NULL,
     NULL,
     cli_key_list_deleted},
    {"key",
     "show-deleted",
     "Show a soft-deleted key",
     "Needs keys/deletedKeys/read. tsv: as show.",
     {name_options},
     NULL,
     NULL,
     cli_key_show_deleted},
    {"key",
     "delete",
     "Soft-delete a key with all its versions",
     "Needs keys/delete. The key can be recovered until the HSM's retention "
     "time has passed or it is purged.",
     {name_options, confirm_options},
     NULL,
     NULL,
     cli_key_delete},
    {"key",
     "recover",
     "Bring a soft-deleted key back",
     "Needs keys/deletedKeys/recover (Managed HSM Crypto Officer).",
     {name_options},
     NULL,
     NULL,
     cli_key_recover},
    {"key",
     "purge",
     "Destroy a soft-deleted key for good",
     "Needs keys/deletedKeys/delete (Managed HSM Crypto Officer). Nothing "
     "encrypted under the key can be read afterwards.",
     {name_options, confirm_options},
     NULL,
     NULL,
     cli_key_purge},
    {NULL,
     "sign",
     "Sign a file with a key in the HSM",
     "The file is hashed here; only its digest goes to the HSM. With an HS "
     "algorithm (oct keys) the file itself, of at most 512 KiB, goes there.\n\n"
     "Needs keys/read and keys/sign.",
     {key_options, sign_options},
     FILE_OPERAND,
     cli_sign},
    {NULL,
     "verify",
     "Verify a signature",
     "Prints valid or invalid; an invalid signature also ends with exit "
     "status 6. Needs keys/read.",
     {key_options, verify_options},
     FILE_OPERAND,
     cli_verify},
    {NULL,
     "encrypt",
     "Encrypt a small file with a key",
     "Needs keys/read, and keys/encrypt for oct keys. Input is at most "
     "512 KiB for AES and less than the modulus for RSA.",
     {key_options, encrypt_options},
     FILE_OPERAND,
     cli_encrypt},
    {NULL,
     "decrypt",
     "Decrypt with a key in the HSM",
     "A JSON input names the key and its version by itself. A file that is "
     "written (--out) is readable by its owner only.\n\n"
     "Needs keys/read and keys/decrypt.",
     {key_options, decrypt_options},
     FILE_OPERAND,
     cli_decrypt},
    {NULL,
     "wrap",
     "Wrap a data-encryption key",
     "Needs keys/read, and keys/wrap for oct keys.",
     {key_options, wrap_options},
     FILE_OPERAND,
     cli_wrap},
    {NULL,
     "unwrap",
     "Unwrap a data-encryption key in the HSM",
     "A JSON input names the key and its version by itself. A file that is "
     "written (--out) is readable by its owner only.\n\n"
     "Needs keys/read and keys/unwrap.",
     {key_options, unwrap_options},
     FILE_OPERAND,
     cli_unwrap},
    {NULL,
     "random",
     "Random octets from the HSM",
     "Needs rng. A file that is written (--out) is readable by its owner "
     "only.",
     {random_options},
     NULL,
     NULL,
     cli_random},
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
     "version",
     "Show the versions of mhsm and its libraries",
     NULL,
     {NULL},
     NULL,
     NULL,
     cli_version},
    {NULL, NULL, NULL, NULL, {NULL}, NULL, NULL, NULL}};

const struct cli_exit_row cli_exits[] = {
    {CLI_EXIT_DONE, "Done."},
    {CLI_EXIT_OTHER, "Any other failure, such as a file that cannot be "
                     "written; of doctor: there are findings."},
    {CLI_EXIT_USAGE,
     "The command line or the configuration is wrong, or asks for what the "
     "key or the service does not offer."},
    {CLI_EXIT_NOT_FOUND, "No such key or version."},
    {CLI_EXIT_REFUSED, "Refused: the credential, a missing role, a disabled "
                       "or expired key, or an operation that the key does "
                       "not allow."},
    {CLI_EXIT_UNREACHABLE,
     "The HSM was not reached, did not answer in time, or answered that it "
     "cannot serve now."},
    {CLI_EXIT_DAMAGED, "The input is damaged: a signature that is not valid, "
                       "or a ciphertext that does not decrypt."},
    {CLI_EXIT_DONE, NULL}};
