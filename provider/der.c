/* SPDX-License-Identifier: MIT
 *
 * DER that a signature needs around it: ECDSA-Sig-Value from the service's
 * r || s, and AlgorithmIdentifiers: ECDSA without parameters, PKCS#1 v1.5 with
 * NULL (RFC 4055, RFC 5758), PSS complete.  Identifiers are built by libcrypto's
 * encoder.  Must never write past the caller's buffer.
 */
#include "alg.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* The largest curve's, P-521, and an integer of that size with a zero octet and
 * a header of two. */
#define COORDINATE_MAX 66
#define INTEGER_MAX    (3 + COORDINATE_MAX)

/* RFC 4055: what PSS parameters mean when they say nothing. */
#define PSS_DEFAULT_SALT 20

/* One INTEGER, as short as it can be and never negative; the octets written,
 * at most size + 3; 0: it is zero, which no half of a signature is. */
static size_t put_integer(unsigned char *to, const unsigned char *value,
                          size_t size)
{
    size_t sign;

    while (size != 0 && *value == 0) {
        value++;
        size--;
    }
    if (size == 0)
        return 0;
    sign = *value >> 7;
    to[0] = V_ASN1_INTEGER;
    to[1] = (unsigned char)(sign + size);
    to[2] = 0;
    memcpy(to + 2 + sign, value, size);
    return 2 + sign + size;
}

/* By hand: libcrypto's encoder takes two numbers, thirty times as much work. */
int mp_alg_ecdsa_der(const unsigned char *raw, size_t raw_size,
                     size_t coordinate, unsigned char *der, size_t der_size,
                     size_t *der_length)
{
    unsigned char integers[2 * INTEGER_MAX];
    size_t r, s, size, header;

    if (coordinate == 0 || coordinate > COORDINATE_MAX ||
        raw_size != 2 * coordinate)
        return 0;
    r = put_integer(integers, raw, coordinate);
    s = put_integer(integers + r, raw + coordinate, coordinate);
    size = r + s;
    header = size > 0x7f ? 3 : 2;
    if (r == 0 || s == 0 || header + size > der_size)
        return 0;
    der[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
    der[1] = 0x81; /* unless the length itself takes its place */
    der[header - 1] = (unsigned char)size;
    memcpy(der + header, integers, size);
    *der_length = header + size;
    return 1;
}

static int set_digest(X509_ALGOR *algorithm, const EVP_MD *md)
{
    int nid = EVP_MD_get_type(md);

    return nid != NID_undef &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_NULL, NULL) == 1;
}

/* MGF1 takes the digest's identifier, in DER, as its parameter. */
static int set_mgf1(X509_ALGOR *algorithm, const EVP_MD *md)
{
    X509_ALGOR *digest = X509_ALGOR_new();
    ASN1_STRING *packed = NULL;
    int ok = 0;

    if (digest == NULL || !set_digest(digest, md))
        goto out;
    packed = ASN1_item_pack(digest, ASN1_ITEM_rptr(X509_ALGOR), NULL);
    if (packed == NULL || X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_mgf1),
                                          V_ASN1_SEQUENCE, packed) != 1)
        goto out;
    packed = NULL;
    ok = 1;
out:
    ASN1_STRING_free(packed);
    X509_ALGOR_free(digest);
    return ok;
}

/* DER leaves out what equals a default. */
static RSA_PSS_PARAMS *pss_params(const struct mp_alg_id *id)
{
    RSA_PSS_PARAMS *params = RSA_PSS_PARAMS_new();

    if (params == NULL)
        return NULL;
    if (!EVP_MD_is_a(id->md, "SHA1") &&
        ((params->hashAlgorithm = X509_ALGOR_new()) == NULL ||
         !set_digest(params->hashAlgorithm, id->md)))
        goto fail;
    if (!EVP_MD_is_a(id->mgf1, "SHA1") &&
        ((params->maskGenAlgorithm = X509_ALGOR_new()) == NULL ||
         !set_mgf1(params->maskGenAlgorithm, id->mgf1)))
        goto fail;
    if (id->salt != PSS_DEFAULT_SALT &&
        ((params->saltLength = ASN1_INTEGER_new()) == NULL ||
         ASN1_INTEGER_set(params->saltLength, id->salt) != 1))
        goto fail;
    return params;
fail:
    RSA_PSS_PARAMS_free(params);
    return NULL;
}

static int set_pss(X509_ALGOR *algorithm, const struct mp_alg_id *id)
{
    RSA_PSS_PARAMS *params = pss_params(id);
    ASN1_STRING *packed = NULL;
    int ok = 0;

    if (params != NULL)
        packed = ASN1_item_pack(params, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
    if (packed != NULL && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss),
                                          V_ASN1_SEQUENCE, packed) == 1) {
        packed = NULL;
        ok = 1;
    }
    ASN1_STRING_free(packed);
    RSA_PSS_PARAMS_free(params);
    return ok;
}

static int set_plain(X509_ALGOR *algorithm, const struct mp_alg_id *id)
{
    int rsa = id->type == MHSM_KEY_RSA;
    int nid;

    return OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(id->md),
                                  rsa ? NID_rsaEncryption
                                      : NID_X9_62_id_ecPublicKey) == 1 &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid),
                           rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) == 1;
}

int mp_alg_id_der(const struct mp_alg_id *id, unsigned char **der, size_t *size)
{
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char *encoded = NULL;
    int length = 0;

    if (algorithm != NULL &&
        (id->pss ? set_pss(algorithm, id) : set_plain(algorithm, id)))
        length = i2d_X509_ALGOR(algorithm, &encoded);
    X509_ALGOR_free(algorithm);
    if (length <= 0)
        return 0;
    *der = encoded;
    *size = (size_t)length;
    return 1;
}
