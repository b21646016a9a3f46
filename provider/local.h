/* SPDX-License-Identifier: MIT
 *
 * The private library context: OpenSSL's default provider, and `legacy` for
 * its digests when the program has loaded that, and nothing else.
 * Public operations, digests and software keys are done there, so that they
 * are exactly what the default provider makes of them, and so that nothing we
 * ask for can come back to this provider, whatever the host's order of
 * providers and its default properties are.
 *
 * Functions raise no error unless they say so; run them under an mp_mark.
 */
#ifndef MP_LOCAL_H
#define MP_LOCAL_H

#include <openssl/evp.h>

#include "prov.h"

/* Made at the first call; any thread.  NULL when out of memory. */
OSSL_LIB_CTX *mp_local_libctx(struct mp_prov *prov);
/* The default provider in it; borrowed. */
OSSL_PROVIDER *mp_local_provider(struct mp_prov *prov);
void mp_local_free(struct mp_prov *prov);

/* A digest by any of its names; raises one error.  `propq` may be NULL. */
EVP_MD *mp_local_digest(struct mp_prov *prov, const char *name,
                        const char *propq);
/* A context for operations with `pkey`. */
EVP_PKEY_CTX *mp_local_ctx(struct mp_prov *prov, EVP_PKEY *pkey);
/* A key of the type that OpenSSL knows by `name` from its numbers; NULL when they are not valid. */
EVP_PKEY *mp_local_import(struct mp_prov *prov, const char *name, int selection,
                          const OSSL_PARAM params[]);
/* The selected part of `pkey`, which must not be private, as a key of its own. */
EVP_PKEY *mp_local_copy(struct mp_prov *prov, const char *name,
                        const EVP_PKEY *pkey, int selection);
/* "RSA" or "EC"; NULL for a type with no name or more than one. */
const char *mp_local_type_name(mhsm_key_type type);

#endif
