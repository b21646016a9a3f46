/* SPDX-License-Identifier: MIT
 *
 * The client object: a copy of the configuration and a session on it.  Making
 * one neither starts a thread nor touches the network.
 */
#include "mhsm/client.h"

#include <string.h>

#include "auth/session.h"
#include "base/config.h"
#include "base/log.h"

struct mhsm_client {
    mhsm_config *config;
    struct mhsmi_session *session;
};

static const char *const identity_options[] = {
    "identity-client-id", "identity-object-id", "identity-resource-id"};

static mhsm_status check_identity(const mhsm_config *config, mhsm_error **err)
{
    const char *first = NULL;
    size_t i;

    for (i = 0; i < sizeof(identity_options) / sizeof(identity_options[0]);
         i++) {
        if (!mhsmi_config_is_set(config, identity_options[i]))
            continue;
        if (first != NULL)
            return mhsmi_error(err, MHSM_ERR_CONFIG,
                               "options %s and %s both name the managed "
                               "identity; set one",
                               first, identity_options[i]);
        first = identity_options[i];
    }
    return MHSM_OK;
}

static mhsm_status check_times(const mhsm_config *config, mhsm_error **err)
{
    if (mhsm_config_get_long(config, "connect-timeout") >
            mhsm_config_get_long(config, "timeout") &&
        mhsm_config_origin(config, "connect-timeout") != MHSM_ORIGIN_DEFAULT)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option connect-timeout (%s) is longer than "
                           "timeout (%s)",
                           mhsm_config_get(config, "connect-timeout"),
                           mhsm_config_get(config, "timeout"));
    return MHSM_OK;
}

/* The log belongs to the process: a client that says nothing about it must
 * not silence another's. */
static mhsm_status open_log(const mhsm_config *config, mhsm_error **err)
{
    static const char *const levels[] = {"none", "error", "warning", "info",
                                         "debug"};
    const char *level = mhsm_config_get(config, "log-level");
    int i;

    if (mhsm_config_origin(config, "log-level") == MHSM_ORIGIN_DEFAULT)
        return MHSM_OK;
    for (i = 0; i < (int)(sizeof(levels) / sizeof(levels[0])); i++) {
        if (strcmp(levels[i], level) == 0)
            return mhsmi_log_open((enum mhsmi_log_level)i,
                                  mhsm_config_get(config, "log-file"), err);
    }
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "unknown log-level %s", level);
}

mhsm_status mhsm_client_new(const mhsm_config *config, mhsm_client **client,
                            mhsm_error **err)
{
    mhsm_client *made;
    mhsm_status st;

    if (config == NULL || client == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a client needs a configuration");
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->config = mhsmi_config_copy(config);
    if (made->config == NULL) {
        st = mhsmi_error_memory(err);
        goto fail;
    }
    st = check_identity(made->config, err);
    if (st == MHSM_OK)
        st = check_times(made->config, err);
    if (st == MHSM_OK)
        st = open_log(made->config, err);
    if (st == MHSM_OK)
        st = mhsmi_session_new(made->config, &made->session, err);
    if (st != MHSM_OK)
        goto fail;
    *client = made;
    return MHSM_OK;
fail:
    mhsm_client_free(made);
    return st;
}

void mhsm_client_free(mhsm_client *client)
{
    if (client == NULL)
        return;
    mhsmi_session_free(client->session);
    mhsm_config_free(client->config);
    mhsmi_free(client);
}

const mhsm_config *mhsm_client_config(const mhsm_client *client)
{
    return client->config;
}

struct mhsmi_session *mhsmi_client_session(mhsm_client *client)
{
    return client->session;
}

void mhsm_client_get_stats(const mhsm_client *client, mhsm_client_stats *stats)
{
    struct mhsmi_counters *counters = mhsmi_session_counters(client->session);

    stats->requests = __atomic_load_n(&counters->requests, __ATOMIC_RELAXED);
    stats->connections =
        __atomic_load_n(&counters->connections, __ATOMIC_RELAXED);
    stats->retries = __atomic_load_n(&counters->retries, __ATOMIC_RELAXED);
    stats->tokens = __atomic_load_n(&counters->tokens, __ATOMIC_RELAXED);
}
