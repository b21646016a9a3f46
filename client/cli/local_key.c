/* SPDX-License-Identifier: MIT
 *
 * A key's public part as an EVP_PKEY of the private context, and as a file
 * that openssl reads.  There is no private part to get wrong.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "cli/local_key.h"

static int push_rsa(OSSL_PARAM_BLD *build, const mhsm_key *key, BIGNUM **n,
                    BIGNUM **e)
{
    size_t n_size, e_size;
    const unsigned char *n_data = mhsm_key_rsa_n(key, &n_size);
    const unsigned char *e_data = mhsm_key_rsa_e(key, &e_size);

    if (n_data == NULL || e_data == NULL)
        return 0;
    *n = BN_bin2bn(n_data, (int)n_size, NULL);
    *e = BN_bin2bn(e_data, (int)e_size, NULL);
    return *n != NULL && *e != NULL &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, *n) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, *e);
}

/* `point` has room for 0x04 || x || y of the largest curve. */
static int push_ec(OSSL_PARAM_BLD *build, const mhsm_key *key,
                   unsigned char *point)
{
    const mhsm_curve_info *info = mhsm_curve_find(mhsm_key_curve(key));
    size_t x_size, y_size;
    const unsigned char *x = mhsm_key_ec_x(key, &x_size);
    const unsigned char *y = mhsm_key_ec_y(key, &y_size);

    if (info == NULL || x == NULL || y == NULL || x_size > 66 ||
        y_size != x_size)
        return 0;
    point[0] = 4;
    memcpy(point + 1, x, x_size);
    memcpy(point + 1 + x_size, y, y_size);
    return OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                           info->group, 0) &&
           OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + 2 * x_size);
}

static int push_akp(OSSL_PARAM_BLD *build, const mhsm_key *key)
{
    size_t size;
    const unsigned char *octets = mhsm_key_akp_public(key, &size);

    return octets != NULL && OSSL_PARAM_BLD_push_octet_string(
                                 build, OSSL_PKEY_PARAM_PUB_KEY, octets, size);
}

EVP_PKEY *cli_local_key(const mhsm_key *key)
{
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);
    int is_rsa = mhsm_key_get_type(key) == MHSM_KEY_RSA, pushed;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *maker = NULL;
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = NULL, *e = NULL;
    unsigned char point[1 + 2 * 66];

    if (build == NULL || cli_local_context() == NULL)
        goto out;
    if (set != NULL)
        pushed = push_akp(build, key);
    else
        pushed =
            is_rsa ? push_rsa(build, key, &n, &e) : push_ec(build, key, point);
    if (!pushed)
        goto out;
    params = OSSL_PARAM_BLD_to_param(build);
    maker = EVP_PKEY_CTX_new_from_name(cli_local_context(),
                                       set != NULL ? set->name
                                       : is_rsa    ? "RSA"
                                                   : "EC",
                                       NULL);
    if (params == NULL || maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;

out:
    EVP_PKEY_CTX_free(maker);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return pkey;
}

mhsm_status cli_local_public_key(const mhsm_key *key, int is_pem,
                                 struct mhsmi_buf *out, mhsm_error **err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    mhsm_result *spki = NULL;
    const unsigned char *der;
    char *data = NULL;
    mhsm_status st;
    size_t size;
    long length;

    st = mhsm_key_spki(key, &spki, err);
    if (st != MHSM_OK)
        goto out;
    der = mhsm_result_data(spki, &size);
    if (bio == NULL ||
        (is_pem ? PEM_write_bio(bio, PEM_STRING_PUBLIC, "", der, (long)size)
                : BIO_write(bio, der, (int)size)) <= 0) {
        st = cli_local_failed("encoding the public key", err);
        goto out;
    }
    length = BIO_get_mem_data(bio, &data);
    if (length <= 0 || !mhsmi_buf_append(out, data, (size_t)length))
        st = mhsmi_error_memory(err);

out:
    mhsm_result_free(spki);
    BIO_free(bio);
    return st;
}
