/* SPDX-License-Identifier: MIT
 *
 * Options turned into transports, retry policies and request ids.  Does no
 * I/O beyond asking the kernel for random octets.
 */
#include "auth/transport.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "base/config.h"
#include "base/process.h"
#include "mhsm/version.h"

enum { base_delay_ms = 800, max_delay_ms = 60000 };

static int bounded(long value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

/* What libcurl would ask the environment for, at each request: that is not safe
 * while a thread of the host's changes it. */
static int environment_has_proxy(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
                                        "all_proxy", "ALL_PROXY"};
    size_t i = 0;

    while (i < sizeof(names) / sizeof(names[0]) &&
           mhsmi_config_variable(names[i]) == NULL)
        i++;
    return i < sizeof(names) / sizeof(names[0]);
}

void mhsmi_transport_init(struct mhsmi_transport *transport,
                          const mhsm_config *config, enum mhsmi_host_kind kind,
                          const char *user_agent)
{
    const char *proxy = mhsm_config_get(config, "proxy");
    const char *roots = kind == MHSMI_HOST_HSM       ? "ca-file"
                        : kind == MHSMI_HOST_STORAGE ? "storage-ca-file"
                                                     : "authority-ca-file";

    memset(transport, 0, sizeof(*transport));
    transport->user_agent = user_agent;
    transport->connect_timeout_ms =
        bounded(mhsm_config_get_long(config, "connect-timeout"));
    transport->max_connections =
        bounded(mhsm_config_get_long(config, "max-connections"));
    transport->max_connection_age_s =
        bounded(mhsm_config_get_long(config, "connection-age") / 1000);
    transport->idle_timeout_s =
        bounded(mhsm_config_get_long(config, "connection-idle") / 1000);
    if (kind == MHSMI_HOST_METADATA) {
        transport->proxy = "";
        return;
    }
    transport->ca_file = mhsm_config_get(config, roots);
    transport->http1_only =
        strcmp(mhsm_config_get(config, "http-version"), "1.1") == 0;
    if (strcmp(mhsm_config_get(config, "post-quantum"), "require") == 0)
        transport->groups = "X25519MLKEM768";
    transport->no_proxy = mhsm_config_get(config, "no-proxy");
    transport->proxy = proxy;
    if (proxy == NULL ? !environment_has_proxy() : strcmp(proxy, "none") == 0)
        transport->proxy = "";
}

char *mhsmi_user_agent(void)
{
    return mhsmi_asprintf("mhsm/%s OpenSSL/%s", MHSM_VERSION,
                          OpenSSL_version(OPENSSL_VERSION_STRING));
}

struct mhsmi_retry_policy mhsmi_retry_policy_of(const mhsm_config *config,
                                                enum mhsmi_retry_class class)
{
    struct mhsmi_retry_policy policy = {0};

    policy.class = class;
    policy.max_retries = bounded(mhsm_config_get_long(config, "retries"));
    policy.base_delay_ms = base_delay_ms;
    policy.max_delay_ms = max_delay_ms;
    return policy;
}

int mhsmi_random_octets(unsigned char *data, size_t size)
{
    size_t used = 0;
    ssize_t n;

    while (used < size) {
        n = getrandom(data + used, size - used, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        used += (size_t)n;
    }
    return 1;
}

/* Random octets for the first id of this process, that number plus one for each
 * further one. */
static int next_id(unsigned char octets[16])
{
    struct mhsmi_process *process = mhsmi_process();
    uint64_t halves[2] = {0, 0}, none = 0;

    if (process == NULL)
        return mhsmi_random_octets(octets, 16);
    if (atomic_load(&process->request_high) == 0) {
        if (!mhsmi_random_octets((unsigned char *)halves, sizeof(halves)))
            return 0;
        (void)atomic_compare_exchange_strong(&process->request_low, &none,
                                             halves[0]);
        none = 0;
        (void)atomic_compare_exchange_strong(&process->request_high, &none,
                                             halves[1] | 1);
    }
    halves[0] = atomic_load(&process->request_high);
    halves[1] = htobe64(atomic_fetch_add(&process->request_low, 1));
    memcpy(octets, halves, sizeof(halves));
    return 1;
}

int mhsmi_uuid(char uuid[MHSMI_UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char octets[16];
    size_t i, at = 0;

    if (!next_id(octets))
        return 0;
    octets[6] = (unsigned char)((octets[6] & 0x0f) | 0x40);
    octets[8] = (unsigned char)((octets[8] & 0x3f) | 0x80);
    for (i = 0; i < sizeof(octets); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            uuid[at++] = '-';
        uuid[at++] = hex[octets[i] >> 4];
        uuid[at++] = hex[octets[i] & 15];
    }
    uuid[at] = '\0';
    return 1;
}
