/* SPDX-License-Identifier: MIT
 *
 * What an HSM may be called: its bare name, its host or its URL; and the DNS
 * suffixes under which Azure hands such names out.  A bearer token goes to
 * whatever this accepts, so it is strict.
 */
#ifndef MHSM_CLIENT_BASE_ENDPOINT_H
#define MHSM_CLIENT_BASE_ENDPOINT_H

#include "base/url.h"
#include "mhsm/config.h"

/* "https://HOST[:PORT]" (lower case, no ":443") of an HSM's name ("contoso"),
 * host or https URL without a path; NULL when malformed or out of memory.  The
 * caller frees. */
char *mhsmi_endpoint_origin(const char *text);
/* The same of the first (0) or second (1) of "A" or "A,B"; NULL also when there
 * is no second. */
char *mhsmi_endpoint_of_list(const char *text, int index);
/* The same of a parsed URL whose scheme is https. */
char *mhsmi_endpoint_of_url(const struct mhsmi_url *url);
/* The resource to ask tokens for, when `host` is a child of a known suffix:
 * "https://managedhsm.azure.net"; static, else NULL. */
const char *mhsmi_endpoint_resource(const char *host);
/* "https://HOST[:PORT]" is that of a Key Vault: by the option resource, else by
 * its suffix. */
int mhsmi_endpoint_is_vault(const mhsm_config *config, const char *endpoint);
/* The authority of the cloud whose resource that is; the public one's for any
 * other.  Static. */
const char *mhsmi_endpoint_authority(const char *resource);
/* Where HSMs are managed: the option management-endpoint, else by the cloud of
 * the HSM or the authority of the configuration.  Borrowed from it, or static. */
const char *mhsmi_endpoint_management(const mhsm_config *config);
/* `host` with `port` (0: 443) is allowed by a comma list of "host",
 * "host:port", ".suffix" and ".suffix:port"; without a port, any. */
int mhsmi_host_in_list(const char *list, const char *host, int port);
/* The list is well-formed. */
int mhsmi_host_list_check(const char *list);

#endif
