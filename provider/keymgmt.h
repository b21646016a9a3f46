/* SPDX-License-Identifier: MIT
 *
 * What the KEYMGMT tables of RSA and EC share.  The functions take their type
 * from the key object.
 */
#ifndef MP_KEYMGMT_H
#define MP_KEYMGMT_H

#include "dispatch.h"
#include "key.h"

/* keymgmt_common.c */
FN_SHARED(keymgmt, free);
FN_SHARED(keymgmt, has);
FN_SHARED(keymgmt, match);
FN_SHARED(keymgmt, validate);
FN_SHARED(keymgmt, export);
FN_SHARED(keymgmt, dup);
FN_SHARED(keymgmt, get_params);
/* What a key of the HSM says of itself beside OpenSSL's own parameters. */
int mp_keymgmt_get_own_params(const struct mp_key *key, OSSL_PARAM params[]);
/* The object behind a reference when its type has this name, else NULL. */
struct mp_key *mp_keymgmt_load_type(const void *reference, size_t size,
                                    const char *name);
/* `public_name` and `private_name`: parameters whose presence decides. */
int mp_keymgmt_import_type(void *keydata, int selection,
                           const OSSL_PARAM params[], const char *public_name,
                           const char *private_name);

/* keymgmt_gen.c */
FN_SHARED(keymgmt, gen_set_template);
FN_SHARED(keymgmt, gen_set_params);
FN_SHARED(keymgmt, gen);
FN_SHARED(keymgmt, gen_cleanup);
void *mp_keymgmt_gen_init_type(struct mp_prov *prov, int selection,
                               const OSSL_PARAM params[], mhsm_key_type type,
                               const char *name);
/* Rows that both gettable tables end in. */
#define MP_KEYMGMT_OWN_PARAMS                                                  \
    OSSL_PARAM_DEFN(MP_PKEY_PARAM_URI, OSSL_PARAM_UTF8_STRING, NULL, 0),       \
        OSSL_PARAM_DEFN(MP_PKEY_PARAM_KEY_ID, OSSL_PARAM_UTF8_STRING, NULL,    \
                        0),                                                    \
        OSSL_PARAM_DEFN(MP_PKEY_PARAM_VERSION, OSSL_PARAM_UTF8_STRING, NULL,   \
                        0),                                                    \
        OSSL_PARAM_DEFN(MP_PKEY_PARAM_KTY, OSSL_PARAM_UTF8_STRING, NULL, 0),   \
        OSSL_PARAM_DEFN(MP_PKEY_PARAM_KEY_OPS, OSSL_PARAM_UTF8_STRING, NULL,   \
                        0)

#endif
