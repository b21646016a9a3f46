/* SPDX-License-Identifier: MIT
 *
 * Key URIs.  The canonical form is the key's `kid` with `mhsm` in place of
 * `https`:
 *
 *   mhsm://HOST[:PORT]/keys/NAME[/VERSION]
 *   mhsm:NAME[/VERSION]                   endpoint from the configuration
 *   mhsm:                                 the configured HSM itself
 *   https://HOST[:PORT]/keys/NAME[/VERSION]   a kid, as the service writes it
 *   managedhsm:HSM:NAME[:VERSION]         as in Microsoft's provider
 *   ...?version=VERSION                   accepted with any of them
 *
 * NAME is 1 to 127 of [0-9A-Za-z-]; VERSION is 32 hexadecimal digits.
 * User info, other query parameters, fragments and percent-encoding are
 * refused.  HOST must end in a known suffix of Managed HSM or Key Vault
 * (.managedhsm.azure.net, .vault.azure.net and their sovereign forms), equal
 * the configured endpoint's host, or be allowed by the option
 * `allowed-hosts`, because the bearer token goes to it.
 *
 * A URI is immutable and may be read by several threads.
 */
#ifndef MHSM_URI_H
#define MHSM_URI_H

#include <mhsm/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_uri mhsm_uri;

/* No I/O.  Errors: MHSM_ERR_URI, MHSM_ERR_CONFIG (short form with no endpoint
 * configured).  The caller frees. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_uri_parse(const mhsm_client *client,
                                                   const char *text,
                                                   mhsm_uri **uri,
                                                   mhsm_error **err);
/* The HSM (`hsm`: its name, host or URL; NULL: the configured endpoint) with a
 * key's name (NULL: the HSM itself) and version (NULL: latest). */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_uri_new(const mhsm_client *client, const char *hsm, const char *name,
             const char *version, mhsm_uri **uri, mhsm_error **err);
MHSM_API void mhsm_uri_free(mhsm_uri *uri);

/* "https://HOST[:PORT]", no trailing slash. */
MHSM_API const char *mhsm_uri_endpoint(const mhsm_uri *uri);
/* NULL when the URI names the HSM itself. */
MHSM_API const char *mhsm_uri_name(const mhsm_uri *uri);
/* NULL when the URI names no version. */
MHSM_API const char *mhsm_uri_version(const mhsm_uri *uri);
/* The canonical text, "mhsm://HOST/keys/NAME[/VERSION]". */
MHSM_API const char *mhsm_uri_text(const mhsm_uri *uri);

#ifdef __cplusplus
}
#endif
#endif
