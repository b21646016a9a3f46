/* SPDX-License-Identifier: MIT
 *
 * The option table: every setting of the project is one row here, from which
 * the parser, the help texts and the documentation are made.  It holds facts
 * and checks values; it never holds a value in force.
 */
#include "base/config.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/option_check.h"

#define SECOND 1000L
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* A STRING row says by `check` what it takes and by `accepts` how to say so. */
static const struct row {
    mhsm_option option;
    mhsmi_check *check;
    const char *accepts;
} rows[] = {
    {{"endpoint", "MHSM_ENDPOINT", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "URL[,URL]",
      "The HSM: its https URL, its host, or its bare name. A second one, "
      "restored from its backup, serves reads and private operations when the "
      "first cannot."},
     mhsmi_check_endpoint,
     "an https URL without a path, a host, or the name of an HSM; or two of "
     "them with a comma between"},
    {{"failback-after", "MHSM_FAILBACK_AFTER", NULL, MHSM_OPTION_DURATION,
      "30s", NULL, SECOND, HOUR, "TIME",
      "How often the first HSM is tried again while the second one serves."},
     NULL,
     NULL},
    {{"api-version", "MHSM_API_VERSION", NULL, MHSM_OPTION_STRING, "7.6", NULL,
      0, 0, "VERSION",
      "Version of the service's REST interface to ask for; ML-DSA keys need "
      "2026-05-01-preview or later."},
     mhsmi_check_version,
     "a version such as 7.6 or 2025-07-01"},
    {{"subscription-id", "MHSM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID",
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "ID",
      "The subscription that HSMs are managed in."},
     mhsmi_check_token,
     "a subscription's id (letters, digits, '.' and '-')"},
    {{"management-endpoint", "MHSM_MANAGEMENT_ENDPOINT", NULL,
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "URL",
      "Azure Resource Manager, where HSMs are made and changed; when absent, "
      "that of the HSM's cloud."},
     mhsmi_check_resource,
     "an https URL without a final slash"},
    {{"management-api-version", "MHSM_MANAGEMENT_API_VERSION", NULL,
      MHSM_OPTION_STRING, "2026-02-01", NULL, 0, 0, "VERSION",
      "Version of the management plane's REST interface to ask for."},
     mhsmi_check_version,
     "a version such as 2026-02-01"},
    {{"allowed-hosts", "MHSM_ALLOWED_HOSTS", NULL, MHSM_OPTION_STRING, NULL,
      NULL, 0, 0, "LIST",
      "Hosts that may receive a token beside Azure's own and the endpoint."},
     mhsmi_check_hosts,
     "a comma list of HOST, HOST:PORT and .SUFFIX"},
    {{"ca-file", "MHSM_CA_FILE", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "FILE",
      "PEM roots that the HSM's certificate must come from, in place "
      "of the system's."},
     mhsmi_check_text,
     "the name of a file"},
    {{"authority-ca-file", "MHSM_AUTHORITY_CA_FILE", NULL, MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "FILE",
      "The same for the authority that issues tokens."},
     mhsmi_check_text,
     "the name of a file"},
    {{"storage-ca-file", "MHSM_STORAGE_CA_FILE", NULL, MHSM_OPTION_STRING, NULL,
      NULL, 0, 0, "FILE",
      "The same for the storage account that backups are listed in."},
     mhsmi_check_text,
     "the name of a file"},
    {{"credential", "MHSM_CREDENTIAL", NULL, MHSM_OPTION_CHOICE, "automatic",
      "automatic|client-secret|client-certificate|workload-identity|"
      "managed-identity|azure-cli|token",
      0, 0, "NAME",
      "How to obtain tokens; automatic: the first that is configured of a "
      "client secret, a client certificate and a workload identity, else the "
      "managed identity."},
     NULL,
     NULL},
    {{"token-credentials", "MHSM_TOKEN_CREDENTIALS", "AZURE_TOKEN_CREDENTIALS",
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "NAME",
      "Which of them credential=automatic tries: prod (those of servers), dev "
      "(those of people), or one by the name that Azure's own clients have for "
      "it."},
     mhsmi_check_credentials,
     "prod, dev, EnvironmentCredential, WorkloadIdentityCredential, "
     "ManagedIdentityCredential or AzureCliCredential"},
    {{"developer-credentials", "MHSM_DEVELOPER_CREDENTIALS", NULL,
      MHSM_OPTION_BOOLEAN, "no", NULL, 0, 0, "YES|NO",
      "Let credential=automatic ask the Azure CLI at last, as the command mhsm "
      "does by default; with no, it is started for credential=azure-cli only."},
     NULL,
     NULL},
    {{"azure-cli-path", "MHSM_AZURE_CLI_PATH", NULL, MHSM_OPTION_STRING, NULL,
      NULL, 0, 0, "FILE",
      "The Azure CLI, by its absolute path; when absent, az of PATH."},
     mhsmi_check_program,
     "an absolute path"},
    {{"azure-cli-subscription", "MHSM_AZURE_CLI_SUBSCRIPTION", NULL,
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "NAME",
      "Whose account the Azure CLI speaks for: a subscription's id or name; "
      "when absent, the account that it is set to."},
     mhsmi_check_subscription,
     "a subscription (letters, digits, spaces, '.', '_' and '-')"},
    {{"tenant-id", "MHSM_TENANT_ID", "AZURE_TENANT_ID", MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "ID",
      "Entra tenant; when absent, the HSM is asked for it."},
     mhsmi_check_token,
     "a tenant id or domain (letters, digits, '.' and '-')"},
    {{"client-id", "MHSM_CLIENT_ID", "AZURE_CLIENT_ID", MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "ID", "Application (client) id of the credential."},
     mhsmi_check_token,
     "a client id (letters, digits, '.' and '-')"},
    {{"client-secret", "MHSM_CLIENT_SECRET", NULL, MHSM_OPTION_SECRET,
      "env:AZURE_CLIENT_SECRET", NULL, 0, 0, "REFERENCE",
      "Where the client secret is: file:PATH or env:NAME."},
     NULL,
     NULL},
    {{"client-certificate", "MHSM_CLIENT_CERTIFICATE",
      "AZURE_CLIENT_CERTIFICATE_PATH", MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "FILE",
      "The application's RSA key and certificate, in any order, with the "
      "certificates above it if wanted: PEM or PKCS#12. Read for each token."},
     mhsmi_check_text,
     "the name of a file"},
    {{"client-certificate-password", "MHSM_CLIENT_CERTIFICATE_PASSWORD", NULL,
      MHSM_OPTION_SECRET, "env:AZURE_CLIENT_CERTIFICATE_PASSWORD", NULL, 0, 0,
      "REFERENCE", "Where the password of client-certificate is."},
     NULL,
     NULL},
    {{"send-certificate-chain", "MHSM_SEND_CERTIFICATE_CHAIN",
      "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", MHSM_OPTION_BOOLEAN, "no", NULL, 0,
      0, "YES|NO",
      "Send the certificates along, for applications that trust a subject and "
      "its issuer in place of one certificate."},
     NULL,
     NULL},
    {{"assertion-algorithm", "MHSM_ASSERTION_ALGORITHM", NULL,
      MHSM_OPTION_CHOICE, "automatic", "automatic|PS256|RS256", 0, 0, "NAME",
      "How client-certificate signs; automatic: PS256, but RS256 (with a SHA-1 "
      "thumbprint) for the tenant adfs, as AD FS and old authorities need."},
     NULL,
     NULL},
    {{"federated-token-file", "MHSM_FEDERATED_TOKEN_FILE",
      "AZURE_FEDERATED_TOKEN_FILE", MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "FILE",
      "The token of a workload identity (Kubernetes, a CI service) that the "
      "application trusts. Read for each token."},
     mhsmi_check_text,
     "the name of a file"},
    {{"token-proxy", "MHSM_TOKEN_PROXY", "AZURE_KUBERNETES_TOKEN_PROXY",
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "URL",
      "What a workload identity asks in place of the authority (identity "
      "bindings of AKS); https only."},
     mhsmi_check_authority,
     "an https URL without user name, query and fragment"},
    {{"token-proxy-sni", "MHSM_TOKEN_PROXY_SNI", "AZURE_KUBERNETES_SNI_NAME",
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "NAME",
      "Name that the certificate of token-proxy is for, when it is not its "
      "host."},
     mhsmi_check_token,
     "the name of a host"},
    {{"token-proxy-ca-file", "MHSM_TOKEN_PROXY_CA_FILE",
      "AZURE_KUBERNETES_CA_FILE", MHSM_OPTION_STRING, NULL, NULL, 0, 0, "FILE",
      "PEM roots that the certificate of token-proxy must come from, and no "
      "others. Read for each token."},
     mhsmi_check_text,
     "the name of a file"},
    {{"token-proxy-ca-data", "MHSM_TOKEN_PROXY_CA_DATA",
      "AZURE_KUBERNETES_CA_DATA", MHSM_OPTION_STRING, NULL, NULL, 0, 0, "PEM",
      "The same as text, in place of a file; AKS gives it as a variable."},
     mhsmi_check_pem,
     "PEM certificates"},
    {{"token", "MHSM_TOKEN", NULL, MHSM_OPTION_SECRET,
      "env:AZURE_CLI_ACCESS_TOKEN", NULL, 0, 0, "REFERENCE",
      "Where a ready bearer token is; used only with credential=token."},
     NULL,
     NULL},
    {{"authority-host", "MHSM_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST",
      MHSM_OPTION_STRING, "https://login.microsoftonline.com", NULL, 0, 0,
      "URL",
      "The authority that issues tokens; https only. When it is not set, the "
      "one of the HSM's cloud."},
     mhsmi_check_authority,
     "an https URL"},
    {{"resource", "MHSM_RESOURCE", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "URL",
      "Audience of tokens; when absent, derived from the host or taken "
      "from the HSM's challenge."},
     mhsmi_check_resource,
     "an https URL without a final slash"},
    {{"verify-challenge-resource", "MHSM_VERIFY_CHALLENGE_RESOURCE", NULL,
      MHSM_OPTION_BOOLEAN, "yes", NULL, 0, 0, "YES|NO",
      "Refuse a challenge whose resource is not a parent of the HSM's host."},
     NULL,
     NULL},
    {{"imds-endpoint", "MHSM_IMDS_ENDPOINT",
      "AZURE_POD_IDENTITY_AUTHORITY_HOST", MHSM_OPTION_STRING,
      "http://169.254.169.254", NULL, 0, 0, "URL",
      "The metadata service that knows the managed identity."},
     mhsmi_check_imds,
     "an http URL of a loopback or link-local address, or an https URL"},
    {{"identity-client-id", "MHSM_IDENTITY_CLIENT_ID", NULL, MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "ID",
      "User-assigned managed identity, by its client id."},
     mhsmi_check_token,
     "a client id (letters, digits, '.' and '-')"},
    {{"identity-object-id", "MHSM_IDENTITY_OBJECT_ID", NULL, MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "ID",
      "User-assigned managed identity, by its object id."},
     mhsmi_check_token,
     "an object id (letters, digits, '.' and '-')"},
    {{"identity-resource-id", "MHSM_IDENTITY_RESOURCE_ID", NULL,
      MHSM_OPTION_STRING, NULL, NULL, 0, 0, "ID",
      "User-assigned managed identity, by its resource id."},
     mhsmi_check_text,
     "a resource id"},
    {{"proxy", "MHSM_PROXY", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0, "URL",
      "Proxy for the HSM and the authority, or none; when absent, the "
      "https_proxy variable's."},
     mhsmi_check_proxy,
     "none, or the URL of a proxy without a user name and password"},
    {{"no-proxy", "MHSM_NO_PROXY", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "LIST", "Hosts that are reached without the proxy."},
     mhsmi_check_text,
     "a comma list of hosts"},
    {{"connect-timeout", "MHSM_CONNECT_TIMEOUT", NULL, MHSM_OPTION_DURATION,
      "2s", NULL, 50, 5 * MINUTE, "TIME",
      "Limit on opening one connection, TLS included."},
     NULL,
     NULL},
    {{"try-timeout", "MHSM_TRY_TIMEOUT", NULL, MHSM_OPTION_DURATION, "5s", NULL,
      50, 10 * MINUTE, "TIME", "Limit on each try of a request."},
     NULL,
     NULL},
    {{"timeout", "MHSM_TIMEOUT", NULL, MHSM_OPTION_DURATION, "10s", NULL, 100,
      HOUR, "TIME", "Limit on a whole call, retries included."},
     NULL,
     NULL},
    {{"retries", "MHSM_RETRIES", NULL, MHSM_OPTION_INTEGER, "3", NULL, 0, 10,
      "N",
      "How often a request that failed for a passing reason is repeated. While "
      "the HSM serves others, reads and private operations are repeated until "
      "timeout."},
     NULL,
     NULL},
    {{"max-connections", "MHSM_MAX_CONNECTIONS", NULL, MHSM_OPTION_INTEGER,
      "20", NULL, 1, 1000, "N",
      "Most requests under way to one host, and connections for them. Where "
      "threads and ASYNC_JOBs take turns, idle connections of the other kind "
      "may stay open beside these for up to connection-idle."},
     NULL,
     NULL},
    {{"connection-idle", "MHSM_CONNECTION_IDLE", NULL, MHSM_OPTION_DURATION,
      "100s", NULL, SECOND, HOUR, "TIME",
      "How long an unused connection is kept."},
     NULL,
     NULL},
    {{"connection-age", "MHSM_CONNECTION_AGE", NULL, MHSM_OPTION_DURATION,
      "10m", NULL, SECOND, 24 * HOUR, "TIME",
      "Age at which a connection is replaced, to follow DNS."},
     NULL,
     NULL},
    {{"http-version", "MHSM_HTTP_VERSION", NULL, MHSM_OPTION_CHOICE, "auto",
      "auto|1.1", 0, 0, "VERSION",
      "auto: HTTP/2 with servers that offer it, else HTTP/1.1."},
     NULL,
     NULL},
    {{"post-quantum", "MHSM_POST_QUANTUM", NULL, MHSM_OPTION_CHOICE, "offer",
      "offer|require", 0, 0, "HOW",
      "Key agreement by X25519MLKEM768 in TLS: offered where OpenSSL has it "
      "(3.5 and later), or required of the HSM, the authority and the proxy "
      "between."},
     NULL,
     NULL},
    {{"log-level", "MHSM_LOG_LEVEL", NULL, MHSM_OPTION_CHOICE, "none",
      "none|error|warning|info|debug", 0, 0, "LEVEL",
      "How much is written to the log."},
     NULL,
     NULL},
    {{"log-file", "MHSM_LOG_FILE", NULL, MHSM_OPTION_STRING, NULL, NULL, 0, 0,
      "FILE", "File that the log is appended to, in place of stderr."},
     mhsmi_check_text,
     "the name of a file"},
    {{"pkcs1-decryption", "MHSM_PKCS1_DECRYPTION", NULL, MHSM_OPTION_BOOLEAN,
      "no", NULL, 0, 0, "YES|NO",
      "Let the provider decrypt with PKCS#1 v1.5 padding (a padding oracle "
      "in careless hands)."},
     NULL,
     NULL},
    {{"encode-reference", "MHSM_ENCODE_REFERENCE", NULL, MHSM_OPTION_BOOLEAN,
      "yes", NULL, 0, 0, "YES|NO",
      "Let the provider write keys of the HSM to files, as references that "
      "hold no secret."},
     NULL,
     NULL},
    {{"load-behavior", "MHSM_LOAD_BEHAVIOR", NULL, MHSM_OPTION_CHOICE, "lazy",
      "lazy|early", 0, 0, "WHEN",
      "early: the provider asks the HSM for a key already when its reference "
      "is read, so that a server that cannot sign does not start."},
     NULL,
     NULL},
    {{"key-cache-ttl", "MHSM_KEY_CACHE_TTL", NULL, MHSM_OPTION_DURATION, "0",
      NULL, 0, HOUR, "TIME",
      "How long the provider remembers a key that it loaded by URI, with the "
      "version that was the latest then; 0: not at all."},
     NULL,
     NULL},
    {{"local-keygen", "MHSM_LOCAL_KEYGEN", NULL, MHSM_OPTION_BOOLEAN, "yes",
      NULL, 0, 0, "YES|NO",
      "Let the provider make keys outside the HSM; no needs the default "
      "provider listed first, or programs lack keys for TLS."},
     NULL,
     NULL},
    {{"allow-export", "MHSM_ALLOW_EXPORT", NULL, MHSM_OPTION_BOOLEAN, "yes",
      NULL, 0, 0, "YES|NO",
      "Let other providers have the public parts of keys of the HSM; with no, "
      "all that is done with them is done here."},
     NULL,
     NULL},
    {{"block-operations", "MHSM_BLOCK_OPERATIONS", NULL, MHSM_OPTION_STRING,
      NULL, NULL, 0, 0, "LIST",
      "Operations that the provider does not offer: keymgmt, signature, "
      "asym_cipher, store, encoder, decoder, rand, skeymgmt or cipher."},
     mhsmi_check_operations,
     "a comma list of keymgmt, signature, asym_cipher, store, encoder, "
     "decoder, rand, skeymgmt and cipher"},
    {{"assume-fips", "MHSM_ASSUME_FIPS", NULL, MHSM_OPTION_BOOLEAN, "no", NULL,
      0, 0, "YES|NO",
      "Offer the provider to queries for fips=yes; whether that is true is "
      "for you to judge."},
     NULL,
     NULL},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
    const char *word;
    int value;
} booleans[] = {
    {"yes", 1}, {"no", 0},  {"true", 1}, {"false", 0},
    {"on", 1},  {"off", 0}, {"1", 1},    {"0", 0},
};

const mhsm_option *mhsm_option_at(size_t index)
{
    return index < ROWS ? &rows[index].option : NULL;
}

size_t mhsmi_option_count(void)
{
    return ROWS;
}

int mhsmi_option_index(const char *name)
{
    size_t i;

    /* Each request looks some up: most differ in the first character. */
    for (i = 0; name != NULL && i < ROWS; i++) {
        if (*rows[i].option.name == *name &&
            strcmp(rows[i].option.name, name) == 0)
            return (int)i;
    }
    return -1;
}

const mhsm_option *mhsm_option_find(const char *name)
{
    int index = mhsmi_option_index(name);

    return index < 0 ? NULL : &rows[index].option;
}

static int choice_has(const char *choices, const char *value)
{
    size_t size = strlen(value), part;

    while (size != 0) {
        part = strcspn(choices, "|");
        if (part == size && strncmp(choices, value, size) == 0)
            return 1;
        if (choices[part] == '\0')
            break;
        choices += part + 1;
    }
    return 0;
}

/* Decimal digits up to `end`, at most LONG_MAX: -1 when malformed. */
static long parse_digits(const char *text, const char **end)
{
    long value = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (value > (LONG_MAX - 9) / 10)
            return -1;
        value = value * 10 + (*p - '0');
    }
    *end = p;
    return p == text ? -1 : value;
}

static long parse_duration(const char *text)
{
    static const struct {
        const char *unit;
        long factor;
    } units[] = {{"", SECOND}, {"ms", 1}, {"s", SECOND}, {"m", MINUTE}};
    const char *end;
    long value = parse_digits(text, &end);
    size_t i;

    for (i = 0; value >= 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) == 0)
            return value > LONG_MAX / units[i].factor ? -1
                                                      : value * units[i].factor;
    }
    return -1;
}

long mhsmi_option_number(const mhsm_option *option, const char *value)
{
    const char *end;
    size_t i;
    long number = -1;

    if (option->type == MHSM_OPTION_BOOLEAN) {
        for (i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++) {
            if (OPENSSL_strcasecmp(value, booleans[i].word) == 0)
                return booleans[i].value;
        }
    } else if (option->type == MHSM_OPTION_DURATION) {
        number = parse_duration(value);
    } else if (option->type == MHSM_OPTION_INTEGER) {
        number = parse_digits(value, &end);
        if (number >= 0 && *end != '\0')
            number = -1;
    }
    return number;
}

static int in_bounds(const mhsm_option *option, const char *value)
{
    long number = mhsmi_option_number(option, value);

    return number >= option->min && number <= option->max;
}

static int is_reference(const char *value)
{
    return mhsmi_check_text(value) &&
           ((strncmp(value, "file:", 5) == 0 && value[5] != '\0') ||
            (strncmp(value, "env:", 4) == 0 &&
             mhsmi_check_charset(value + 4, "_", 255)));
}

const char *mhsmi_option_check(const mhsm_option *option, const char *value)
{
    int index = mhsmi_option_index(option->name);

    switch (option->type) {
    case MHSM_OPTION_BOOLEAN:
        return mhsmi_option_number(option, value) >= 0 ? NULL : "yes or no";
    case MHSM_OPTION_INTEGER:
        return in_bounds(option, value) ? NULL : "a number in range";
    case MHSM_OPTION_DURATION:
        return in_bounds(option, value) ? NULL
                                        : "a duration in range (such as "
                                          "1500ms, 10s or 2m)";
    case MHSM_OPTION_CHOICE:
        return choice_has(option->choices, value) ? NULL : option->choices;
    case MHSM_OPTION_SECRET:
        return is_reference(value) ? NULL : "file:PATH or env:NAME";
    case MHSM_OPTION_STRING:
        break;
    }
    return index < 0 || rows[index].check(value) ? NULL : rows[index].accepts;
}
