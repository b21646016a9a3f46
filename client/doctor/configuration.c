/* SPDX-License-Identifier: MIT
 *
 * Step: configuration.  What was set and where, what cannot be as it is, and
 * what contradicts itself.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/endpoint.h"
#include "doctor/proxy.h"
#include "doctor/step.h"
#include "mhsm/client.h"

static int is_set(const struct doctor *doctor, const char *name)
{
    return mhsmi_config_is_set(doctor->config, name);
}

static int given(const struct doctor *doctor, const char *name)
{
    return mhsm_config_origin(doctor->config, name) != MHSM_ORIGIN_DEFAULT;
}

static int credential_is(const struct doctor *doctor, const char *name)
{
    const char *value = mhsm_config_get(doctor->config, "credential");

    return value != NULL && strcmp(value, name) == 0;
}

/* An application without a proof of its own, where the managed identity will be
 * asked in its place. */
static int client_id_unused(const struct doctor *doctor)
{
    return credential_is(doctor, "automatic") && is_set(doctor, "client-id") &&
           !is_set(doctor, "client-secret") &&
           !is_set(doctor, "client-certificate") &&
           !is_set(doctor, "federated-token-file") &&
           !is_set(doctor, "identity-client-id");
}

static int secret_without_id(const struct doctor *doctor)
{
    return is_set(doctor, "client-secret") && !is_set(doctor, "client-id") &&
           (credential_is(doctor, "automatic") ||
            credential_is(doctor, "client-secret"));
}

static int token_unused(const struct doctor *doctor)
{
    return given(doctor, "token") && !credential_is(doctor, "token");
}

static int identity_unused(const struct doctor *doctor)
{
    return (is_set(doctor, "identity-client-id") ||
            is_set(doctor, "identity-object-id") ||
            is_set(doctor, "identity-resource-id")) &&
           (credential_is(doctor, "client-secret") ||
            (credential_is(doctor, "automatic") &&
             is_set(doctor, "client-secret")));
}

static int is_privatelink(const struct doctor *doctor)
{
    return strstr(doctor->url.host, ".privatelink.") != NULL;
}

static int is_vault(const struct doctor *doctor)
{
    return mhsmi_endpoint_is_vault(doctor->config, doctor->endpoint);
}

static int is_foreign(const struct doctor *doctor)
{
    return mhsmi_endpoint_resource(doctor->url.host) == NULL &&
           !mhsmi_host_is_loopback(doctor->url.host);
}

/* An authority that is well known, and not the one of the HSM's cloud. */
static int is_other_cloud(const struct doctor *doctor)
{
    static const char *const resources[] = {
        "https://managedhsm.azure.net", "https://managedhsm.usgovcloudapi.net",
        "https://managedhsm.azure.cn"};
    const char *ours = mhsm_config_get(doctor->config, "authority-host");
    const char *resource = mhsmi_endpoint_resource(doctor->url.host);
    size_t i, size = strlen(ours);

    while (size != 0 && ours[size - 1] == '/')
        size--;
    for (i = 0; resource != NULL && given(doctor, "authority-host") &&
                i < sizeof(resources) / sizeof(resources[0]);
         i++) {
        const char *known = mhsmi_endpoint_authority(resources[i]);

        if (strlen(known) == size && memcmp(known, ours, size) == 0)
            return strcmp(known, mhsmi_endpoint_authority(resource)) != 0;
    }
    return 0;
}

static const struct {
    int (*applies)(const struct doctor *doctor);
    enum doctor_mark mark;
    const char *saw, *means, *next;
} rules[] = {
    {client_id_unused, DOCTOR_WARN,
     "client-id is set, and neither a secret nor a certificate goes with it",
     "the application's id is not used: the next credential in the order "
     "speaks in its place, mostly the managed identity",
     "give the application its secret (client-secret), or name a "
     "user-assigned identity by identity-client-id"},
    {secret_without_id, DOCTOR_FAIL,
     "client-secret is set, and client-id is not",
     "nobody knows whose secret it is", "set client-id (AZURE_CLIENT_ID)"},
    {token_unused, DOCTOR_WARN, "token is set, and credential is not token",
     "the token is not used", "set credential = token, or unset token"},
    {identity_unused, DOCTOR_WARN,
     "a managed identity is named, and a client secret is used",
     "the client secret comes first in the order",
     "set credential = managed-identity, or unset one of the two"},
    {is_other_cloud, DOCTOR_FAIL,
     "authority-host is the authority of another cloud than the HSM's",
     "the HSM takes no tokens of that authority",
     "unset authority-host: the HSM's name says which is right"},
    {is_privatelink, DOCTOR_WARN,
     "the endpoint's host is in a privatelink zone",
     "no certificate is good for such a name, and the HSM does not answer to "
     "it",
     "give the HSM's ordinary name: DNS leads from it to the private endpoint"},
    {is_vault, DOCTOR_OK, "the endpoint is a Key Vault",
     "it has no local RBAC and no security domain: those steps may not fit",
     NULL},
    {is_foreign, DOCTOR_OK, "the endpoint's host is none of Azure's names",
     "tokens go to it because it is configured", NULL},
};

static const char *origin(const struct doctor *doctor, const char *name)
{
    if (mhsm_config_origin(doctor->config, name) == MHSM_ORIGIN_FILE &&
        doctor->request->file != NULL)
        return doctor->request->file;
    return mhsmi_config_source(doctor->config, name);
}

static void tell_option(struct doctor *doctor, const mhsm_option *option,
                        struct json_object *list)
{
    const char *value = mhsm_config_get(doctor->config, option->name);
    struct json_object *row = json_object_new_object();

    doctor_say(doctor, DOCTOR_OK, NULL, NULL, "%s = %s (%s)", option->name,
               value, origin(doctor, option->name));
    if (row == NULL || !mhsmi_json_add_string(row, "option", option->name) ||
        !mhsmi_json_add_string(row, "value", value) ||
        !mhsmi_json_add_string(row, "origin", origin(doctor, option->name)) ||
        json_object_array_add(list, json_object_get(row)) != 0)
        doctor->out_of_memory = 1;
    json_object_put(row);
}

/* Two variables for one option, which do not agree. */
static void tell_alias(struct doctor *doctor, const mhsm_option *option)
{
    const char *ours = mhsmi_config_variable(option->variable), *theirs;

    theirs =
        option->alias != NULL ? mhsmi_config_variable(option->alias) : NULL;
    if (ours == NULL || theirs == NULL || strcmp(ours, theirs) == 0)
        return;
    doctor_say(doctor, DOCTOR_WARN, "the first of the two counts",
               "unset one of them", "%s and %s are both set and differ",
               option->variable, option->alias);
}

static void tell_options(struct doctor *doctor)
{
    struct json_object *list = json_object_new_array();
    const mhsm_option *option;
    size_t i;

    if (list == NULL) {
        doctor->out_of_memory = 1;
        return;
    }
    for (i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        if (given(doctor, option->name))
            tell_option(doctor, option, list);
        tell_alias(doctor, option);
    }
    doctor_fact_json(doctor, "options", list);
}

static void check_files(struct doctor *doctor)
{
    static const char *const files[] = {"ca-file", "authority-ca-file"};
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *path = mhsm_config_get(doctor->config, files[i]);

        if (path != NULL && access(path, R_OK) != 0)
            doctor_say(doctor, DOCTOR_FAIL, NULL,
                       "correct the name or the file's mode",
                       "%s: %s cannot be read: %s", files[i], path,
                       strerror(errno));
    }
}

static void find_proxy(struct doctor *doctor)
{
    static const char *const variables[] = {"https_proxy", "HTTPS_PROXY",
                                            "all_proxy", "ALL_PROXY"};
    const char *url = mhsm_config_get(doctor->config, "proxy");
    const char *list = mhsm_config_get(doctor->config, "no-proxy");
    const char *source = "option proxy";
    size_t i;

    for (i = 0; url == NULL && i < sizeof(variables) / sizeof(variables[0]);
         i++) {
        url = mhsmi_config_variable(variables[i]);
        source = variables[i];
    }
    if (url == NULL || strcmp(url, "none") == 0)
        return;
    if (list == NULL)
        list = mhsmi_config_variable("no_proxy");
    if (list == NULL)
        list = mhsmi_config_variable("NO_PROXY");
    if (doctor_proxy_exempt(list, doctor->url.host))
        return;
    doctor->proxy = doctor_proxy_place(url);
    if (doctor->proxy == NULL) {
        doctor_say(doctor, DOCTOR_FAIL, NULL, "it is http://HOST:PORT",
                   "%s holds no proxy's URL", source);
        return;
    }
    doctor_fact(doctor, "proxy", doctor->proxy);
    doctor_say(doctor, DOCTOR_OK,
               "name look-up and connection to the HSM are the proxy's", NULL,
               "the HSM is reached by the proxy %s (%s)", doctor->proxy,
               source);
}

/* Everything about one endpoint; 0 when there is none. */
static int find_endpoint(struct doctor *doctor)
{
    const char *value = mhsm_config_get(doctor->config, "endpoint");
    char *second;

    if (value == NULL) {
        doctor_say(doctor, DOCTOR_FAIL, "there is no HSM to look at",
                   "give --hsm NAME, or set endpoint in openssl.cnf or "
                   "MHSM_ENDPOINT",
                   "no endpoint is configured");
        return 0;
    }
    doctor->endpoint = mhsmi_endpoint_of_list(value, 0);
    if (doctor->endpoint == NULL ||
        !mhsmi_url_parse(&doctor->url, doctor->endpoint)) {
        doctor->out_of_memory = 1;
        return 0;
    }
    doctor->has |= DOCTOR_HAS_ENDPOINT;
    second = mhsmi_endpoint_of_list(value, 1);
    if (second != NULL)
        doctor_say(doctor, DOCTOR_OK,
                   "it serves when the first cannot; this looks at the first "
                   "alone",
                   "look at the second by --hsm, too", "%s is a second HSM",
                   second);
    mhsmi_free(second);
    return 1;
}

/* What the library itself finds contradictory. */
static void make_client(struct doctor *doctor)
{
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;

    if (mhsm_client_new(doctor->config, &client, &err) != MHSM_OK)
        doctor_say_error(doctor, DOCTOR_FAIL, err,
                         "every command and the provider refuse this");
    mhsm_client_free(client);
    mhsm_error_free(&err);
}

void doctor_configuration(struct doctor *doctor)
{
    size_t i;

    if (doctor->request->configuration != NULL) {
        doctor_say_error(doctor, DOCTOR_FAIL, doctor->request->configuration,
                         "the configuration cannot be read any further; every "
                         "command and the provider refuse it");
        return;
    }
    doctor->has |= DOCTOR_HAS_OPTIONS;
    tell_options(doctor);
    check_files(doctor);
    make_client(doctor);
    if (!find_endpoint(doctor))
        return;
    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].applies(doctor))
            doctor_say(doctor, rules[i].mark, rules[i].means, rules[i].next,
                       "%s", rules[i].saw);
    find_proxy(doctor);
}
