/* SPDX-License-Identifier: MIT
 *
 * The table of what is done with keys: sign, verify, encrypt, decrypt, wrap,
 * unwrap; and random.
 */
#include "cli/options.h"

#define ALGORITHM_OPTION(defaults)                                             \
    {                                                                          \
        CLI_ALGORITHM, "algorithm", 'a', 0, "NAME", NULL,                      \
            "The algorithm; when not given, " defaults                         \
    }
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
    CLI_IN_OPTION,
    CLI_OUT_OPTION,
    {CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|der|base64|base64url|hex|json",
     "Of the signature: raw octets when not given (ECDSA: r || s); der: as "
     "OpenSSL writes ECDSA signatures; json: with alg and kid"},
    CLI_OPTIONS_END};

static const struct cli_option verify_options[] = {
    ALGORITHM_OPTION("as for sign, or what a JSON signature names"),
    {CLI_SIGNATURE, "signature", 's', CLI_REQUIRED, "FILE", NULL,
     "The signature"},
    {CLI_DIGEST, "digest", 0, 0, "HEX", NULL,
     "Verify against this digest (ML-DSA: mu) instead of a file's"},
    CONTEXT_OPTION,
    CLI_IN_OPTION,
    {CLI_IN_FORMAT, "in-format", 0, 0, "FORMAT",
     "auto|raw|der|base64|base64url|hex|json",
     "Of the signature: auto when not given, which takes json for json and "
     "everything else for raw"},
    {CLI_REMOTE, "remote", 0, 0, NULL, NULL,
     "Let the HSM verify; needs keys/verify. RSA, EC and, by OpenSSL 3.5, "
     "ML-DSA signatures are verified here with the public key when not given"},
    CLI_OPTIONS_END};

static const struct cli_option encrypt_options[] = {
    ALGORITHM_OPTION("RSA-OAEP-256 for RSA and A256GCM for oct keys"),
    CLI_IN_OPTION,
    CLI_OUT_OPTION,
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
    CLI_OPTIONS_END};

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
    CLI_IN_OPTION,
    CLI_OUT_OPTION,
    IN_FORMAT_OPTION,
    PLAIN_FORMAT_OPTION,
    {CLI_IV, "iv", 0, 0, "HEX", NULL, "AES: when the input is not json"},
    {CLI_AAD, "aad", 0, 0, "HEX", NULL,
     "AES-GCM: the authenticated data; overrides what a JSON input says"},
    {CLI_TAG, "tag", 0, 0, "HEX", NULL, "AES-GCM: when the input is not json"},
    CLI_OPTIONS_END};

static const struct cli_option wrap_options[] = {
    ALGORITHM_OPTION("RSA-OAEP-256 for RSA and A256KW for oct keys"),
    CLI_IN_OPTION,
    CLI_OUT_OPTION,
    {CLI_FORMAT, "format", 0, 0, "FORMAT", "raw|base64|base64url|hex|json",
     "Of the result: raw octets when not given; json: with alg and kid, so "
     "that unwrap finds the version"},
    {CLI_REMOTE, "remote", 0, 0, NULL, NULL,
     "Let the HSM wrap with an RSA key; needs keys/wrap. Done here with the "
     "public key when not given"},
    CLI_OPTIONS_END};

static const struct cli_option unwrap_options[] = {
    ALGORITHM_OPTION("what a JSON input names, else RSA-OAEP-256 for RSA and "
                     "A256KW for oct keys"),
    CLI_IN_OPTION,
    CLI_OUT_OPTION,
    IN_FORMAT_OPTION,
    PLAIN_FORMAT_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option random_options[] = {
    {CLI_COUNT, "count", 'c', 0, "NUMBER", NULL,
     "How many octets, 1 to 1048576; 32 when not given"},
    CLI_OUT_OPTION,
    PLAIN_FORMAT_OPTION,
    CLI_OPTIONS_END};

const struct cli_command cli_use_commands[] = {
    {NULL,
     "sign",
     "Sign a file with a key in the HSM",
     "The file is hashed here; only its digest goes to the HSM. With an HS "
     "algorithm (oct keys) the file itself, of at most 512 KiB, goes there.\n\n"
     "Needs keys/read and keys/sign.",
     {cli_key_options, sign_options},
     CLI_FILE_OPERAND,
     cli_sign},
    {NULL,
     "verify",
     "Verify a signature",
     "Prints valid or invalid; an invalid signature also ends with exit "
     "status 6. Needs keys/read.",
     {cli_key_options, verify_options},
     CLI_FILE_OPERAND,
     cli_verify},
    {NULL,
     "encrypt",
     "Encrypt a small file with a key",
     "Needs keys/read, and keys/encrypt for oct keys. Input is at most "
     "512 KiB for AES and less than the modulus for RSA.",
     {cli_key_options, encrypt_options},
     CLI_FILE_OPERAND,
     cli_encrypt},
    {NULL,
     "decrypt",
     "Decrypt with a key in the HSM",
     "A JSON input names the key and its version by itself. A file that is "
     "written (--out) is readable by its owner only.\n\n"
     "Needs keys/read and keys/decrypt.",
     {cli_key_options, decrypt_options},
     CLI_FILE_OPERAND,
     cli_decrypt},
    {NULL,
     "wrap",
     "Wrap a data-encryption key",
     "Needs keys/read, and keys/wrap for oct keys.",
     {cli_key_options, wrap_options},
     CLI_FILE_OPERAND,
     cli_wrap},
    {NULL,
     "unwrap",
     "Unwrap a data-encryption key in the HSM",
     "A JSON input names the key and its version by itself. A file that is "
     "written (--out) is readable by its owner only.\n\n"
     "Needs keys/read and keys/unwrap.",
     {cli_key_options, unwrap_options},
     CLI_FILE_OPERAND,
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
    CLI_COMMANDS_END};
