/* SPDX-License-Identifier: MIT
 *
 * The table of `mhsm key`.
 */
#include "cli/options.h"

#define OPS_OPTION(defaults)                                                   \
    {                                                                          \
        CLI_OPS, "ops", 0, 0, "OP,...", NULL,                                  \
            "Allowed operations, of sign, verify, encrypt, decrypt, wrapKey, " \
            "unwrapKey, import (alone), export; " defaults                     \
    }
#define TAGS_OPTION(help)                                                      \
    {                                                                          \
        CLI_TAGS, "tags", 0, CLI_REPEATED, "NAME=VALUE", NULL, help            \
    }
#define NOT_BEFORE_OPTION                                                      \
    {                                                                          \
        CLI_NOT_BEFORE, "not-before", 0, 0, "TIME", NULL,                      \
            "Not usable before: ISO 8601 (2026-01-31T12:00:00Z, or "           \
            "2026-01-31) or Unix seconds"                                      \
    }
#define EXPIRES_OPTION                                                         \
    {                                                                          \
        CLI_EXPIRES, "expires", 0, 0, "TIME", NULL, "Not usable after"         \
    }
#define POLICY_OPTION                                                          \
    {                                                                          \
        CLI_POLICY, "release-policy", 0, 0, "FILE", NULL,                      \
            "Of an exportable key: the release policy, a JSON file"            \
    }
#define IMMUTABLE_OPTION                                                       \
    {                                                                          \
        CLI_IMMUTABLE, "immutable", 0, 0, NULL, NULL,                          \
            "The release policy can never be replaced"                         \
    }

static const struct cli_option create_options[] = {
    {CLI_KTY, "kty", 0, 0, "TYPE", NULL,
     "RSA (when not given), EC or oct, with or without -HSM, which counts at a "
     "Key Vault alone; or ML-DSA-44, ML-DSA-65 or ML-DSA-87, which need "
     "api-version 2026-05-01-preview"},
    {CLI_SIZE, "size", 0, 0, "BITS", NULL,
     "RSA: 2048 (when not given), 3072 or 4096; oct: 128, 192 or 256 (when "
     "not given)"},
    {CLI_CURVE, "curve", 0, 0, "CURVE", NULL,
     "EC: P-256 (when not given), P-384, P-521 or P-256K (secp256k1)"},
    OPS_OPTION("all that fit the type when not given"),
    TAGS_OPTION("A tag; may be given up to 15 times"),
    NOT_BEFORE_OPTION,
    EXPIRES_OPTION,
    {CLI_DISABLED, "disabled", 0, 0, NULL, NULL, "Make the key disabled"},
    {CLI_EXPORTABLE, "exportable", 0, 0, NULL, NULL,
     "The key may leave the HSM as its release policy says"},
    POLICY_OPTION,
    IMMUTABLE_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option download_options[] = {
    {CLI_ENCODING, "encoding", 'e', 0, "ENCODING", "PEM|DER",
     "Of the SubjectPublicKeyInfo; PEM when not given"},
    CLI_OUT_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option pem_options[] = {
    {CLI_PSS, "pss", 0, 0, "DIGEST", "sha256|sha384|sha512|any",
     "Of an RSA key: the key in the file is for PSS signatures alone, with "
     "this "
     "digest (any: with each); its certificates then say so"},
    CLI_OUT_OPTION,
    CLI_OPTIONS_END};

#define PASSWORD_OPTION                                                        \
    {                                                                          \
        CLI_PASSWORD, "password", 0, 0, "REFERENCE", NULL,                     \
            "Of an encrypted private key: file:PATH or env:NAME"               \
    }
#define MATERIAL_FORMAT_OPTION                                                 \
    {                                                                          \
        CLI_IN_FORMAT, "in-format", 0, 0, "FORMAT", "auto|raw",                \
            "auto when not given: a private key in PEM or DER, or a JWK; "     \
            "raw: the octets of a symmetric key"                               \
    }

static const struct cli_option import_options[] = {
    CLI_IN_OPTION,
    MATERIAL_FORMAT_OPTION,
    PASSWORD_OPTION,
    {CLI_BYOK, "byok", 0, 0, "FILE", NULL,
     "Import this transfer package in place of a private key"},
    {CLI_KTY, "kty", 0, 0, "TYPE", NULL,
     "With --byok, what is in the package: RSA (when not given), EC or oct"},
    {CLI_HARDWARE, "hsm-protected", 0, 0, NULL, NULL,
     "At a Key Vault: into its HSM (premium), not a software key"},
    OPS_OPTION("what a JWK says or all that fit the type when not given"),
    TAGS_OPTION("A tag; may be given up to 15 times"),
    NOT_BEFORE_OPTION,
    EXPIRES_OPTION,
    {CLI_DISABLED, "disabled", 0, 0, NULL, NULL, "Make the key disabled"},
    {CLI_EXPORTABLE, "exportable", 0, 0, NULL, NULL,
     "The key may leave the HSM as its release policy says"},
    POLICY_OPTION,
    IMMUTABLE_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option byok_options[] = {
    CLI_IN_OPTION,
    MATERIAL_FORMAT_OPTION,
    PASSWORD_OPTION,
    {CLI_KEK, "kek", 0, CLI_REQUIRED, "FILE", NULL,
     "The public part of the key-exchange key: what key download or key show "
     "-o json writes"},
    {CLI_KEK_ID, "kek-id", 0, 0, "URI", NULL,
     "Its URI or kid with its version; not needed when --kek says it"},
    CLI_OUT_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option update_options[] = {
    {CLI_ENABLED, "enabled", 0, 0, "YES|NO", "yes|no",
     "Whether the version can be used"},
    OPS_OPTION("as they are when not given"),
    TAGS_OPTION("A tag, in place of those that are there; may be given up to "
                "15 times"),
    {CLI_NO_TAGS, "no-tags", 0, 0, NULL, NULL, "Remove the tags"},
    NOT_BEFORE_OPTION,
    EXPIRES_OPTION,
    POLICY_OPTION,
    IMMUTABLE_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option out_options[] = {CLI_OUT_OPTION,
                                                CLI_OPTIONS_END};

static const struct cli_option in_options[] = {CLI_IN_OPTION, CLI_OPTIONS_END};

static const struct cli_option policy_options[] = {
    {CLI_AFTER_CREATE, "after-create", 0, 0, "DURATION", NULL,
     "Rotate so long after a version was made: ISO 8601 of days and longer "
     "(P90D, P18M), at least 28 days"},
    {CLI_BEFORE_EXPIRY, "before-expiry", 0, 0, "DURATION", NULL,
     "Rotate so long before a version expires; with --expiry"},
    {CLI_EXPIRY, "expiry", 0, 0, "DURATION", NULL,
     "How long the versions made by rotation live; no end when not given"},
    CLI_OPTIONS_END};

static const struct cli_option release_options[] = {
    {CLI_ATTESTATION, "attestation", 0, CLI_REQUIRED, "REFERENCE", NULL,
     "What an attestation service says of the environment that is to get the "
     "key, a JWT: file:PATH or env:NAME"},
    {CLI_NONCE, "nonce", 0, 0, "TEXT", NULL, "Comes back in the statement"},
    {CLI_WRAPPING, "wrapping", 0, 0, "NAME",
     "CKM_RSA_AES_KEY_WRAP|RSA_AES_KEY_WRAP_256|RSA_AES_KEY_WRAP_384",
     "How the key is wrapped for the environment; CKM_RSA_AES_KEY_WRAP when "
     "not given"},
    CLI_OUT_OPTION,
    CLI_OPTIONS_END};

const struct cli_command cli_key_commands[] = {
    {"key",
     "create",
     "Create a key, or a new version of one",
     "Needs keys/create (Managed HSM Crypto User). The request is sent once "
     "and never repeated: repeating it would make another version.",
     {cli_name_options, create_options, cli_wait_options},
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
     {cli_name_options},
     NULL,
     NULL,
     cli_key_list_versions},
    {"key",
     "show",
     "Show a key's public part and attributes",
     "Needs keys/read. tsv: name, version, type, size or curve, enabled, "
     "operations, created, updated, not before, expires, kid. json: the "
     "KeyBundle as the service gives it.",
     {cli_key_options},
     NULL,
     NULL,
     cli_key_show},
    {"key",
     "import",
     "Import a private key, or a new version of one",
     "From PKCS#8 (encrypted too) or traditional PEM or DER, or a JWK: RSA of "
     "2048, 3072 or 4096 bits, EC on P-256, P-256K, P-384 or P-521, oct; or "
     "from a transfer package. The key goes to the HSM inside TLS; where it "
     "must not pass this machine, make a package elsewhere. The request is "
     "sent once and never repeated. Needs keys/import (Managed HSM Crypto "
     "User).",
     {cli_name_options, import_options},
     CLI_FILE_OPERAND,
     cli_key_import},
    {"key",
     "byok-package",
     "Seal a private key for one HSM, without any connection",
     "The package can be opened by the HSM alone that has the key-exchange "
     "key: an RSA key made there with --ops import. Import it with key import "
     "--byok.",
     {byok_options},
     CLI_FILE_OPERAND,
     cli_key_byok_package},
    {"key",
     "update",
     "Change attributes, tags, operations or the release policy",
     "Of the latest version when none is named. Tags are replaced as a whole; "
     "what is not given stays as it is. Needs keys/write.",
     {cli_key_options, update_options},
     NULL,
     NULL,
     cli_key_update},
    {"key",
     "rotate",
     "Make a new version of the same kind",
     "The key needs a rotation policy. The request is sent once and never "
     "repeated. What is under the older versions stays readable as long as "
     "they are enabled. Needs keys/rotate.",
     {cli_name_options},
     NULL,
     NULL,
     cli_key_rotate},
    {"key rotation-policy",
     "show",
     "Show when a key is rotated",
     "Needs keys/read. tsv: after create, before expiry, expiry, created, "
     "updated.",
     {cli_name_options},
     NULL,
     NULL,
     cli_rotation_policy_show},
    {"key rotation-policy",
     "set",
     "Say when a key is rotated",
     "The policy as a whole: what is not given is not in it. Needs "
     "keys/write.",
     {cli_name_options, policy_options},
     NULL,
     NULL,
     cli_rotation_policy_set},
    {"key rotation-policy",
     "remove",
     "Never rotate a key again by itself",
     "Needs keys/write.",
     {cli_name_options, cli_confirm_options},
     NULL,
     NULL,
     cli_rotation_policy_remove},
    {"key",
     "backup",
     "Save a key with all its versions",
     "The file is sealed by the HSM and can be restored only by HSMs of the "
     "same security domain. It is readable by its owner only. Needs "
     "keys/backup (Managed HSM Crypto User or Backup).",
     {cli_name_options, out_options},
     NULL,
     NULL,
     cli_key_backup},
    {"key",
     "restore",
     "Bring a saved key back",
     "Under its own name, which must be free: deleted and purged. Needs "
     "keys/restore (Managed HSM Crypto User or Restore).",
     {in_options},
     CLI_FILE_OPERAND,
     cli_key_restore},
    {"key",
     "release",
     "Release an exportable key to an attested environment",
     "Writes the HSM's signed statement, a compact JWS, in which the key is "
     "wrapped for the environment that the attestation is about. It must meet "
     "the key's release policy. The statement is not verified here: that is "
     "for who opens it. Needs keys/release (Managed HSM Crypto User or "
     "Crypto Service Release User).",
     {cli_key_options, release_options},
     NULL,
     NULL,
     cli_key_release},
    {"key",
     "attestation",
     "Save what the HSM attests of a key",
     "The KeyBundle in JSON with its attributes.attestation, as it comes. It "
     "is not verified here: Microsoft's checker azure-managed-hsm-key-"
     "attestation does that without a connection. Needs keys/read.",
     {cli_key_options, out_options},
     NULL,
     NULL,
     cli_key_attestation},
    {"key",
     "download",
     "Save the public key of an RSA or EC key",
     "What openssl needs to verify and to encrypt without the HSM. Needs "
     "keys/read.",
     {cli_key_options, download_options},
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
     {cli_key_options, pem_options},
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
     {cli_name_options},
     NULL,
     NULL,
     cli_key_show_deleted},
    {"key",
     "delete",
     "Soft-delete a key with all its versions",
     "Needs keys/delete. The key can be recovered until the HSM's retention "
     "time has passed or it is purged.",
     {cli_name_options, cli_confirm_options, cli_wait_options},
     NULL,
     NULL,
     cli_key_delete},
    {"key",
     "recover",
     "Bring a soft-deleted key back",
     "Needs keys/deletedKeys/recover (Managed HSM Crypto Officer).",
     {cli_name_options, cli_wait_options},
     NULL,
     NULL,
     cli_key_recover},
    {"key",
     "purge",
     "Destroy a soft-deleted key for good",
     "Needs keys/deletedKeys/delete (Managed HSM Crypto Officer). Nothing "
     "encrypted under the key can be read afterwards.",
     {cli_name_options, cli_confirm_options, cli_wait_options},
     NULL,
     NULL,
     cli_key_purge},
    CLI_COMMANDS_END};
