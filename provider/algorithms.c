/* SPDX-License-Identifier: MIT
 *
 * What the provider offers: the names of its algorithms, operation by
 * operation, and the tables of functions behind them.  The tables never change
 * and may be kept: SSL_CTX_new asks before any key is loaded, and must see
 * everything.
 */
#include <stddef.h>

#include "decoder.h"
#include "dispatch.h"
#include "prov.h"

static const OSSL_ALGORITHM keymgmt[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES, mp_rsa_keymgmt,
     "RSA keys in Azure Managed HSM"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", MP_PROPERTIES, mp_ec_keymgmt,
     "EC keys in Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES, mp_rsa_signature,
     "RSA PKCS#1 v1.5 and PSS signatures in Azure Managed HSM"},
    {"ECDSA", MP_PROPERTIES, mp_ecdsa_signature,
     "ECDSA signatures in Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM asym_cipher[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES,
     mp_rsa_asym_cipher, "RSA decryption in Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM store[] = {
    {"mhsm", MP_PROPERTIES, mp_store, "Keys of Azure Managed HSM by URI"},
    {"managedhsm", MP_PROPERTIES, mp_store,
     "Keys of Azure Managed HSM by URI, as in Microsoft's provider"},
    {NULL, NULL, NULL, NULL},
};

#define PEM_PROPERTIES MP_PROPERTIES ",input=pem"
#define DER_PROPERTIES                                                         \
    MP_PROPERTIES ",input=der,structure=" MP_REFERENCE_STRUCTURE

static const OSSL_ALGORITHM decoder[] = {
    {"DER", PEM_PROPERTIES, mp_pem_decoder, "Key references in PEM"},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", DER_PROPERTIES, mp_rsa_decoder,
     "References to RSA keys"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", DER_PROPERTIES, mp_ec_decoder,
     "References to EC keys"},
    {NULL, NULL, NULL, NULL},
};

static const struct {
    int operation;
    const OSSL_ALGORITHM *algorithms;
} operations[] = {
    {OSSL_OP_KEYMGMT, keymgmt},         {OSSL_OP_SIGNATURE, signature},
    {OSSL_OP_ASYM_CIPHER, asym_cipher}, {OSSL_OP_STORE, store},
    {OSSL_OP_DECODER, decoder},
};

const OSSL_ALGORITHM *
mp_provider_query_operation(void *provctx, int operation_id, int *no_store)
{
    (void)provctx;
    *no_store = 0;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (operations[i].operation == operation_id)
            return operations[i].algorithms;
    return NULL;
}
