/* SPDX-License-Identifier: MIT
 *
 * A workload identity: the token that Kubernetes, or a CI service, keeps in a
 * file is itself the assertion that proves the application.  On AKS a proxy in
 * the cluster may take the authority's place; its settings are all or nothing,
 * and its roots are the only ones that it is trusted by.
 */
#include <string.h>

#include "auth/entra.h"
#include "auth/token_response.h"
#include "base/config.h"
#include "base/file.h"
#include "base/url.h"

struct workload {
    struct mhsmi_entra entra;
    char *authority, *host, *connect_to; /* of the proxy; NULL: none */
    struct mhsmi_buf roots;              /* the last that could be read */
};

static int workload_configured(const mhsm_config *config)
{
    return mhsmi_config_is_set(config, "client-id") &&
           mhsmi_config_is_set(config, "federated-token-file");
}

static void workload_free(struct mhsmi_credential *credential)
{
    struct workload *self = (struct workload *)credential;

    mhsmi_free(self->authority);
    mhsmi_free(self->host);
    mhsmi_free(self->connect_to);
    mhsmi_buf_clear(&self->roots);
    mhsmi_entra_free(credential);
}

/* Settings of a proxy that is not there: somebody meant it to be. */
static mhsm_status check_helpers(const mhsm_config *config, mhsm_error **err)
{
    static const char *const helpers[] = {
        "token-proxy-sni", "token-proxy-ca-file", "token-proxy-ca-data"};
    size_t i;

    for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        if (mhsmi_config_is_set(config, helpers[i]) &&
            !mhsmi_config_is_set(config, "token-proxy"))
            return mhsmi_error(err, MHSM_ERR_CONFIG,
                               "option %s is set (%s), but token-proxy is not",
                               helpers[i],
                               mhsmi_config_source(config, helpers[i]));
    }
    if (mhsmi_config_is_set(config, "token-proxy-ca-file") &&
        mhsmi_config_is_set(config, "token-proxy-ca-data"))
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "options token-proxy-ca-file (%s) and "
                           "token-proxy-ca-data (%s) are both set; set one",
                           mhsmi_config_source(config, "token-proxy-ca-file"),
                           mhsmi_config_source(config, "token-proxy-ca-data"));
    return MHSM_OK;
}

/* With a name of its own for TLS the URL holds that name, the connection goes
 * to the proxy's address, and the Host header stays the proxy's. */
static mhsm_status use_proxy(struct workload *self, mhsm_error **err)
{
    const mhsm_config *config = self->entra.config;
    const char *name = mhsm_config_get(config, "token-proxy-sni");
    struct mhsmi_url url;
    int ok;

    /* Its form was checked when the option was set. */
    if (!mhsmi_url_parse(&url, mhsm_config_get(config, "token-proxy")))
        return mhsmi_error_memory(err);
    if (url.port == 0)
        url.port = 443;
    self->host = mhsmi_asprintf("%s:%d", url.host, url.port);
    self->connect_to = mhsmi_asprintf("::%s:%d", url.host, url.port);
    self->authority = mhsmi_asprintf(
        "https://%s:%d%s", name != NULL ? name : url.host, url.port, url.path);
    ok = self->host != NULL && self->connect_to != NULL &&
         self->authority != NULL;
    mhsmi_url_clear(&url);
    if (!ok)
        return mhsmi_error_memory(err);
    self->entra.authority = self->authority;
    if (name != NULL) {
        self->entra.host = self->host;
        self->entra.transport.connect_to = self->connect_to;
    }
    self->entra.transport.ca_file = NULL;
    self->entra.transport.ca_pem =
        mhsm_config_get(config, "token-proxy-ca-data");
    return MHSM_OK;
}

static mhsm_status workload_create(const mhsm_config *config,
                                   struct mhsmi_credential **credential,
                                   mhsm_error **err)
{
    struct mhsmi_credential *made = NULL;
    struct workload *self;
    mhsm_status st = check_helpers(config, err);

    if (st == MHSM_OK)
        st = mhsmi_entra_new(config, &mhsmi_workload_identity, sizeof(*self),
                             &made, err);
    if (st != MHSM_OK)
        return st;
    self = (struct workload *)made;
    mhsmi_buf_init(&self->roots, MHSMI_FILE_MAX);
    if (mhsmi_config_is_set(config, "token-proxy"))
        st = use_proxy(self, err);
    if (st == MHSM_OK)
        *credential = made;
    else
        workload_free(made);
    return st;
}

/* An empty file is one that is being written: what was read before it still
 * holds. */
static mhsm_status read_roots(struct workload *self, mhsm_error **err)
{
    static const char option[] = "token-proxy-ca-file";
    struct mhsmi_file file = {.option = option,
                              .path =
                                  mhsm_config_get(self->entra.config, option),
                              .links = 1};
    struct mhsmi_buf fresh;
    mhsm_status st;

    if (file.path == NULL)
        return MHSM_OK;
    mhsmi_buf_init(&fresh, MHSMI_FILE_MAX);
    st = mhsmi_file_read(&file, &fresh, err);
    if (st == MHSM_OK && fresh.size != 0) {
        mhsmi_buf_clear(&self->roots);
        self->roots = fresh;
        mhsmi_buf_init(&fresh, MHSMI_FILE_MAX);
    }
    if (st == MHSM_OK && self->roots.size == 0)
        st = mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s is empty", option,
                         file.path);
    self->entra.transport.ca_pem = mhsmi_buf_text(&self->roots);
    mhsmi_buf_clear(&fresh);
    return st;
}

static mhsm_status read_token(const char *path, struct mhsmi_buf *text,
                              mhsm_error **err)
{
    /* Kubernetes replaces it by way of a link, and lets all of its container
     * read it. */
    struct mhsmi_file file = {
        .option = "federated-token-file", .path = path, .links = 1};
    struct mhsmi_buf raw;
    mhsm_status st;

    mhsmi_buf_init(&raw, MHSMI_FILE_MAX);
    /* With room for all of it, only its content can be refused. */
    st = mhsmi_buf_reserve(text, MHSMI_FILE_MAX)
             ? mhsmi_file_read(&file, &raw, err)
             : mhsmi_error_memory(err);
    if (st == MHSM_OK && !mhsmi_token_take(&raw, text))
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "option %s: %s holds no token", file.option, path);
    mhsmi_buf_clear(&raw);
    return st;
}

static mhsm_status add_token(struct mhsmi_entra *entra,
                             const struct mhsmi_entra_proof *proof,
                             mhsm_error **err)
{
    const char *path = mhsm_config_get(entra->config, "federated-token-file");
    struct mhsmi_buf text;
    mhsm_status st;

    if (path == NULL)
        return mhsmi_entra_missing(entra, "federated-token-file",
                                   "AZURE_FEDERATED_TOKEN_FILE", err);
    mhsmi_buf_init(&text, MHSMI_FILE_MAX);
    st = read_roots((struct workload *)entra, err);
    if (st == MHSM_OK)
        st = read_token(path, &text, err);
    if (st == MHSM_OK &&
        !mhsmi_entra_assertion(proof->form, mhsmi_buf_text(&text)))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status workload_acquire(struct mhsmi_credential *credential,
                                    const struct mhsmi_token_request *request,
                                    struct mhsmi_token *token,
                                    struct mhsmi_counters *counters,
                                    mhsm_error **err)
{
    return mhsmi_entra_acquire((struct mhsmi_entra *)credential, add_token,
                               request, token, counters, err);
}

const struct mhsmi_credential_type mhsmi_workload_identity = {
    .name = "workload-identity",
    .help = "an application that trusts a token in a file (client-id, "
            "federated-token-file)",
    .configured = workload_configured,
    .create = workload_create,
    .acquire = workload_acquire,
    .free = workload_free,
    .chained = 1,
    .needs_tenant = 1,
};
