/* SPDX-License-Identifier: MIT
 *
 * The table of `mhsm security-domain`.
 */
#include "cli/options.h"

#define DOMAIN_OPERAND "FILE", "The security domain, as download wrote it"
#define NEW_OUT_OPTION(help)                                                   \
    {                                                                          \
        CLI_OUT, "out", 'f', CLI_REQUIRED, "FILE", NULL, help                  \
    }

static const struct cli_option password_options[] = {
    {CLI_PASSWORD_FILE, "password-file", 0, 0, "FILE", NULL,
     "Passwords of keys that are encrypted, one a line, in the order of the "
     "keys; asked for at the terminal when not given"},
    {CLI_PASSWORD_FD, "password-fd", 0, 0, "NUMBER", NULL,
     "The same from a descriptor that is open"},
    CLI_OPTIONS_END};

static const struct cli_option keygen_options[] = {
    {CLI_HOLDER, "holder", 0, CLI_REQUIRED | CLI_REPEATED, "NAME[=URI]", NULL,
     "A holder, for the names of the files and the certificate's common name; "
     "3 to 10 of them. With the URI of an RSA key in an HSM "
     "(mhsm://HOST/keys/NAME) that key is the holder's, and signs the "
     "certificate there: keep its version, and let it sign and decrypt"},
    {CLI_OUT, "out", 'f', CLI_REQUIRED, "DIRECTORY", NULL,
     "A new directory for NAME.key and NAME.cer of each"},
    {CLI_DIRECTORIES, "directories", 0, 0, NULL, NULL,
     "A directory for each holder in it"},
    {CLI_SIZE, "size", 0, 0, "BITS", NULL,
     "2048, 3072 or 4096 (when not given)"},
    {CLI_DAYS, "days", 0, 0, "DAYS", NULL,
     "How long the certificates are valid; 3650 when not given. Nobody checks "
     "that when the HSM is restored"},
    {CLI_UNENCRYPTED, "unencrypted", 0, 0, NULL, NULL,
     "Keys without a password"},
    CLI_OPTIONS_END};

static const struct cli_option download_options[] = {
    {CLI_NEW_CERT, "wrapping-cert", 0, CLI_REQUIRED | CLI_REPEATED, "FILE",
     NULL, "The certificate of a holder; 3 to 10 of them"},
    {CLI_QUORUM, "quorum", 0, CLI_REQUIRED, "NUMBER", NULL,
     "How many of the holders open it: 2 to 10"},
    NEW_OUT_OPTION("Where to write the file; it must not exist"),
    CLI_OPTIONS_END};

static const struct cli_option job_options[] = {
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "How long to wait for the HSM, up to a day; 1800 when not given"},
    {CLI_NO_WAIT, "no-wait", 0, 0, NULL, NULL,
     "Do not wait for the HSM: see wait"},
    CLI_OPTIONS_END};

static const struct cli_option wait_options[] = {
    {CLI_OPERATION, "operation", 0, 0, "OPERATION", "download|upload",
     "What is waited for; upload when not given"},
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "How long, up to a day; 1800 when not given"},
    CLI_OPTIONS_END};

static const struct cli_option prepare_options[] = {
    {CLI_OUT, "out", 'f', CLI_REQUIRED, "DIRECTORY", NULL,
     "A new directory for combiner.key and combiner.cer"},
    {CLI_SIZE, "size", 0, 0, "BITS", NULL,
     "2048, 3072 or 4096 (when not given)"},
    {CLI_DAYS, "days", 0, 0, "DAYS", NULL,
     "How long the certificate is valid; 3650 when not given"},
    {CLI_UNENCRYPTED, "unencrypted", 0, 0, NULL, NULL,
     "A key without a password"},
    CLI_OPTIONS_END};

static const struct cli_option cert_options[] = {
    {CLI_CERT, "cert", 0, CLI_REPEATED, "FILE", NULL,
     "A holder's certificate, to tell him by his name"},
    CLI_OPTIONS_END};

static const struct cli_option key_options[] = {
    {CLI_WRAPPING_KEY, "key", 0, CLI_REPEATED, "FILE|URI", NULL,
     "A holder's private key, PEM or DER. Its certificate is in the same file, "
     "or beside it with .cer (or .crt) in place of what follows the last dot. "
     "Or the URI of a key that is in another HSM (mhsm://HOST/keys/NAME), or "
     "where --key-provider keeps it"},
    {CLI_CERT, "cert", 0, CLI_REPEATED, "FILE", NULL,
     "A holder's certificate: needed for a key that is no file"},
    {CLI_KEY_PROVIDER, "key-provider", 0, 0, "NAME", NULL,
     "The OpenSSL provider whose store opens the URIs of keys, as openssl.cnf "
     "sets it up: pkcs11 for --key pkcs11:..."},
    CLI_OPTIONS_END};

static const struct cli_option share_options[] = {
    {CLI_SHARE, "share", 0, CLI_REPEATED, "FILE", NULL,
     "A share that its holder has opened with share open"},
    {CLI_COMBINER_KEY, "combiner-key", 0, 0, "FILE", NULL,
     "The key that those are sealed for, with its certificate as for --key"},
    CLI_OPTIONS_END};

static const struct cli_option blob_options[] = {
    {CLI_EXCHANGE_KEY, "exchange-key", 0, CLI_REQUIRED, "FILE", NULL,
     "The exchange key of the HSM that is to be restored: what init-recovery "
     "wrote, here or in the Azure CLI"},
    NEW_OUT_OPTION("Where to write the restore blob"),
    CLI_OPTIONS_END};

static const struct cli_option recovery_options[] = {
    NEW_OUT_OPTION("Where to write it; it must not exist"), CLI_OPTIONS_END};

static const struct cli_option upload_options[] = {
    {CLI_EXCHANGE_KEY, "exchange-key", 0, 0, "FILE", NULL,
     "The exchange key of this HSM: what init-recovery wrote"},
    {CLI_RESTORE_BLOB, "restore-blob", 0, 0, NULL, NULL,
     "FILE is a restore blob, to be sent as it is"},
    {CLI_UNCHECKED, "unchecked", 0, 0, NULL, NULL,
     "Send a restore blob without looking at it"},
    CLI_OPTIONS_END};

static const struct cli_option online_options[] = {
    {CLI_ONLINE, "online", 0, 0, NULL, NULL,
     "Have the HSM that has this domain share it out anew: a new download. The "
     "old holders are not needed"},
    {CLI_NEW_KEY, "new-key", 0, CLI_REPEATED, "FILE|URI", NULL,
     "With --online: a new holder's private key, as for --key; a quorum of "
     "them proves that the new file opens"},
    CLI_OPTIONS_END};

static const struct cli_option rewrap_options[] = {
    {CLI_NEW_CERT, "new-wrapping-cert", 0, CLI_REQUIRED | CLI_REPEATED, "FILE",
     NULL, "The certificate of a new holder; 3 to 10 of them"},
    {CLI_QUORUM, "quorum", 0, CLI_REQUIRED, "NUMBER", NULL,
     "How many of the new holders open it: 2 to 10"},
    NEW_OUT_OPTION("Where to write the new file; it must not exist"),
    CLI_OPTIONS_END};

static const struct cli_option open_options[] = {
    {CLI_COMBINER, "combiner", 0, CLI_REQUIRED, "FILE", NULL,
     "The certificate of who combines: combiner.cer of share prepare"},
    CLI_OUT_OPTION,
    CLI_OPTIONS_END};

const struct cli_command cli_security_domain_commands[] = {
    {"security-domain",
     "keygen",
     "Make the holders' keys and certificates",
     "RSA keys, encrypted with a password of each holder unless --unencrypted "
     "is given, and certificates that they sign themselves. All files are "
     "there, readable by their owner only, or none; nothing is overwritten. "
     "The Azure CLI takes them as they are.\n\n"
     "tsv: holder, key, certificate, thumbprint, expires.",
     {keygen_options, password_options},
     NULL,
     NULL,
     cli_domain_keygen},
    {"security-domain",
     "download",
     "Activate an HSM and get its security domain",
     "Asks once. The file is written, readable by its owner only, before the "
     "HSM is waited for, and stays whatever happens then; a later download "
     "shares the same root of trust among other holders. Needs "
     "securitydomain/download (Managed HSM Administrator).\n\n"
     "When the command is interrupted while it waits, the HSM goes on: see "
     "wait. tsv: state, details, file.",
     {download_options, job_options},
     NULL,
     NULL,
     cli_domain_download},
    {"security-domain",
     "inspect",
     "Tell whom a security domain belongs to",
     "Needs no secret. Holders are known by the thumbprints of their "
     "certificates, and by subject when those are given. Exit status 6 when a "
     "share in the file is damaged.\n\n"
     "tsv, a line each holder: number, state (whole, damaged), thumbprint, "
     "subject, expires, finding.",
     {cert_options},
     DOMAIN_OPERAND,
     cli_domain_inspect},
    {"security-domain",
     "verify",
     "Prove that these keys open a security domain",
     "Opens all of it in memory, without the HSM, and prints nothing secret: "
     "which holders are there, which are missing, and whose key does not open "
     "his share. Exit status 0 only when the keys are a quorum, all shares "
     "agree and all data opens.\n\n"
     "tsv, a line each holder: number, state (opens, does not open, missing, "
     "damaged), thumbprint, subject, expires, finding.",
     {key_options, password_options},
     DOMAIN_OPERAND,
     cli_domain_verify},
    {"security-domain",
     "restore-blob",
     "Make what restores the domain into another HSM",
     "Works on a machine without a network. The blob holds the data for the "
     "exchange key of that HSM alone, and is what the Azure CLI makes of the "
     "same files: upload it with either. When no machine is to see the keys "
     "of two holders, see share prepare.",
     {key_options, blob_options, password_options},
     DOMAIN_OPERAND,
     cli_domain_restore_blob},
    {"security-domain",
     "init-recovery",
     "Get the exchange key of an HSM that is to be restored",
     "Of a new HSM that was never activated: it then waits for the security "
     "domain of another, encrypted for this key. The file is the one that the "
     "Azure CLI writes; restore-blob takes it to where the holders are. An "
     "exchange key is for one upload. Compare the thumbprint there with the "
     "one that is told here. Needs securitydomain/transferkey/read (Managed "
     "HSM Administrator).\n\n"
     "tsv: thumbprint, subject, expires, file.",
     {recovery_options},
     NULL,
     NULL,
     cli_domain_init_recovery},
    {"security-domain",
     "upload",
     "Restore a security domain into an HSM",
     "Either of the security domain, with --exchange-key and a quorum of "
     "holders' keys or opened shares; or of a restore blob that was made "
     "elsewhere, with --restore-blob. All is checked before anything is sent: "
     "that the domain opens, or that the blob is whole and for that exchange "
     "key. Asks once.\n\n"
     "A key in another HSM is named with its host, for mhsm:NAME is in the HSM "
     "that is restored.\n\n"
     "When the command is interrupted while it waits, the HSM goes on: see "
     "wait. Needs securitydomain/upload (Managed HSM Administrator). tsv: "
     "state, details, file.",
     {upload_options, key_options, share_options, job_options,
      password_options},
     "FILE",
     "The security domain, as download wrote it; or the restore blob",
     cli_domain_upload},
    {"security-domain",
     "status",
     "Tell how far the HSM is with a download or an upload",
     "None: there was none. Needs securitydomain/download/read and "
     "securitydomain/upload/read (Managed HSM Administrator).\n\n"
     "tsv, a line each operation: operation, state (None, InProgress, Success, "
     "Failed), details.",
     {NULL},
     NULL,
     NULL,
     cli_domain_status},
    {"security-domain",
     "wait",
     "Wait until the HSM is done with an upload or a download",
     "Exit status 0 when it has succeeded, 5 when it has failed or is not done "
     "in time.\n\n"
     "tsv: state, details, file.",
     {wait_options},
     NULL,
     NULL,
     cli_domain_wait},
    {"security-domain",
     "rewrap",
     "Give a security domain new holders",
     "Without the HSM: the same root of trust, shared out anew. Takes the old "
     "holders' keys, or their shares with the combiner's key.\n\n"
     "With --online the HSM where the domain lives makes the new file, and "
     "nobody's key is needed. As with download, it is written before the HSM "
     "is waited for.\n\n"
     "Either way the old file stays what it is, and a quorum of the old "
     "holders can still open it: destroy its copies, or the old keys, when "
     "they are not to.",
     {key_options, share_options, rewrap_options, online_options, job_options,
      password_options},
     DOMAIN_OPERAND,
     cli_domain_rewrap},
    {"security-domain share",
     "prepare",
     "Make the key pair that holders seal their shares for",
     "For holders who work one after the other on machines of their own, so "
     "that no machine needs the keys of two of them:\n\n"
     "On the machine that combines, share prepare makes a key pair for this "
     "one purpose. Each holder gets combiner.cer, compares its thumbprint "
     "with what he is told by other means, and runs share open where his key "
     "is. The sealed shares can travel by any way. share combine opens them "
     "and makes the restore blob. Who has the combiner's key and a quorum of "
     "sealed shares has the root of trust: remove that key when the HSM is "
     "restored.\n\n"
     "tsv: holder, key, certificate, thumbprint, expires.",
     {prepare_options, password_options},
     NULL,
     NULL,
     cli_share_prepare},
    {"security-domain share",
     "open",
     "Open one holder's share and seal it for who combines",
     "The share leaves this machine only under the combiner's key, whose "
     "thumbprint is told.",
     {key_options, open_options, password_options},
     DOMAIN_OPERAND,
     cli_share_open},
    {"security-domain share",
     "combine",
     "Make the restore blob of sealed shares",
     "As restore-blob does it of keys.",
     {share_options, blob_options, password_options},
     DOMAIN_OPERAND,
     cli_domain_restore_blob},
    CLI_COMMANDS_END};
