/* SPDX-License-Identifier: MIT
 *
 * How this library reaches the kinds of hosts it knows, as the options say:
 * the HSM, the authority that issues tokens, the metadata service, and the blob
 * store of backups.
 */
#ifndef MHSM_CLIENT_AUTH_TRANSPORT_H
#define MHSM_CLIENT_AUTH_TRANSPORT_H

#include "http/retry.h"
#include "mhsm/config.h"

enum mhsmi_host_kind {
    MHSMI_HOST_HSM = 0,
    MHSMI_HOST_AUTHORITY = 1,
    MHSMI_HOST_METADATA = 2, /* never by a proxy */
    MHSMI_HOST_STORAGE = 3
};

/* Fill `transport`, borrowing from `config` and from `user_agent`. */
void mhsmi_transport_init(struct mhsmi_transport *transport,
                          const mhsm_config *config, enum mhsmi_host_kind kind,
                          const char *user_agent);
/* "mhsm/VERSION (Linux; OpenSSL x; libcurl y)"; the caller frees. */
char *mhsmi_user_agent(void);
/* The retry policy of the options for one class of requests. */
struct mhsmi_retry_policy mhsmi_retry_policy_of(const mhsm_config *config,
                                                enum mhsmi_retry_class class);

/* A random UUID (version 4) from the kernel, not from OpenSSL: a provider in
 * the middle of an operation must not re-enter the host's random generator. */
#define MHSMI_UUID_SIZE 37
MHSM_NODISCARD int mhsmi_uuid(char uuid[MHSMI_UUID_SIZE]);
/* Octets from the same source. */
MHSM_NODISCARD int mhsmi_random_octets(unsigned char *data, size_t size);

#endif
