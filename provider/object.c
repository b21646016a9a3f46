/* SPDX-License-Identifier: MIT
 *
 * Keys on their way into libcrypto.  What is referred to is the pointer to the
 * key object, which the giver holds until the callback returns.  Must never
 * give the private part of anything to another provider.
 */
#include "object.h"

#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>

#include "keymgmt.h"

int mp_object_give(struct mp_key *key, OSSL_CALLBACK *callback, void *arg)
{
    int type = OSSL_OBJECT_PKEY;
    OSSL_PARAM params[4];

    params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
    /* Nobody writes to what is wanted as a text that can be written. */
    params[1] = OSSL_PARAM_construct_utf8_string(
        OSSL_OBJECT_PARAM_DATA_TYPE, (char *)(uintptr_t)key->name, 0);
    /* The receiver may take references more than once. */
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE,
                                                  &key, sizeof(key));
    params[3] = OSSL_PARAM_construct_end();
    return callback(params, arg);
}

int mp_object_export(const void *reference, size_t size,
                     OSSL_CALLBACK *callback, void *arg)
{
    struct mp_key *key;

    if (reference == NULL || size != sizeof(key))
        return 0;
    memcpy(&key, reference, sizeof(key));
    if (key == NULL || key->hsm != NULL)
        return 0;
    return mp_keymgmt_export(key,
                             OSSL_KEYMGMT_SELECT_PUBLIC_KEY |
                                 OSSL_KEYMGMT_SELECT_ALL_PARAMETERS,
                             callback, arg);
}
