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

EVP_PKEY *cli_local_key(const mhsm_key *key)
{
    int is_rsa = mhsm_key_get_type(key) == MHSM_KEY_RSA;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *maker = NULL;
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = NULL, *e = NULL;
    unsigned char point[1 + 2 * 66];

    if (build == NULL || cli_local_context() == NULL ||
        !(is_rsa ? push_rsa(build, key, &n, &e) : push_ec(build, key, point)))
        goto out;
    params = OSSL_PARAM_BLD_to_param(build);
    maker = EVP_PKEY_CTX_new_from_name(cli_local_context(),
                                       is_rsa ? "RSA" : "EC", NULL);
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
    mhsm_key_type type = mhsm_key_get_type(key);
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = NULL;
    mhsm_status st = MHSM_OK;
    char *data = NULL;
    long size;

    if (type != MHSM_KEY_RSA && type != MHSM_KEY_EC) {
        st = mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                         "key %s (%s) has no public key", mhsm_key_name(key),
                         mhsm_key_type_name(type));
        goto out;
    }
    pkey = cli_local_key(key);
    if (bio == NULL || pkey == NULL ||
        (is_pem ? PEM_write_bio_PUBKEY(bio, pkey)
                : i2d_PUBKEY_bio(bio, pkey)) != 1) {
        st = cli_local_failed("encoding the public key", err);
        goto out;
    }
    size = BIO_get_mem_data(bio, &data);
    if (size <= 0 || !mhsmi_buf_append(out, data, (size_t)size))
        st = mhsmi_error_memory(err);

out:
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return st;
}
