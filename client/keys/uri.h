/* SPDX-License-Identifier: MIT
 *
 * Key URIs inside the library: the pieces of mhsm_uri, and the same strictness
 * for the ids that the service sends back.
 */
#ifndef MHSM_CLIENT_KEYS_URI_H
#define MHSM_CLIENT_KEYS_URI_H

#include "base/url.h"
#include "mhsm/uri.h"

#define MHSMI_NAME_MAX    127
#define MHSMI_VERSION_LEN 32

struct mhsm_uri {
    char *endpoint; /* "https://HOST[:PORT]" */
    char *name;     /* NULL: the HSM itself */
    char *version;  /* NULL: the latest; lower case */
    char *text;
};

/* 1 to 127 of [0-9A-Za-z-]; exactly 32 hexadecimal digits. */
int mhsmi_key_name_check(const char *name);
int mhsmi_key_version_check(const char *version);

/* Split the path "/COLLECTION/NAME[/VERSION]" into parts that the caller
 * frees (*version NULL when absent); 1, or 0 when malformed or out of
 * memory. */
MHSM_NODISCARD int mhsmi_key_path_split(const char *path,
                                        const char *collection, char **name,
                                        char **version);
/* The same of a whole id, which must have the origin `endpoint` or a host under
 * a suffix of Azure's. */
MHSM_NODISCARD int mhsmi_key_id_split(const char *id, const char *endpoint,
                                      const char *collection, char **name,
                                      char **version);

/* A copy of `uri`; NULL when out of memory. */
mhsm_uri *mhsmi_uri_copy(const mhsm_uri *uri);
/* Canonical text of the parts; the caller frees. */
char *mhsmi_uri_format(const char *endpoint, const char *name,
                       const char *version);

#endif
