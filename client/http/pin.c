/* SPDX-License-Identifier: MIT
 *
 * The check of a certificate that may be known by its SHA-1 thumbprint: it is
 * accepted when the ordinary check, of chain and name, accepts it, or else when
 * it is the very certificate.  What was accepted so must never serve a request
 * that knows no thumbprint: neither the connection nor its session is kept, and
 * no other request can join it.
 */
#include "http/pin.h"

#include <dlfcn.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/libcurl.h"

/* The library whose contexts libcurl makes; loaded already, by libcurl. */
static const char library[] = "libssl.so.3";

typedef void set_verify_fn(SSL_CTX *context,
                           int (*verify)(X509_STORE_CTX *, void *), void *arg);

/* NULL when libcurl's TLS is another library's. */
static set_verify_fn *find_set_verify(void)
{
    const curl_version_info_data *info =
        mhsmi_libcurl()->version_info(CURLVERSION_NOW);
    set_verify_fn *function = NULL;
    void *handle, *found;

    if (info->ssl_version == NULL ||
        strncmp(info->ssl_version, "OpenSSL/3", 9) != 0)
        return NULL;
    handle = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (handle == NULL)
        return NULL;
    found = dlsym(handle, "SSL_CTX_set_cert_verify_callback");
    memcpy(&function, &found, sizeof(function));
    (void)dlclose(handle);
    return function;
}

static int set_name(X509_STORE_CTX *store, const char *host)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    size_t size = strlen(host);

    if (param == NULL)
        return 0;
    if (host[0] == '[' && size > 2) {
        char address[64];

        if (size - 2 >= sizeof(address))
            return 0;
        memcpy(address, host + 1, size - 2);
        address[size - 2] = '\0';
        return X509_VERIFY_PARAM_set1_ip_asc(param, address);
    }
    return X509_VERIFY_PARAM_set1_ip_asc(param, host) ||
           X509_VERIFY_PARAM_set1_host(param, host, size);
}

static int has_thumbprint(X509 *certificate, const char *thumbprint)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    size_t i;
    char text[2 * EVP_MAX_MD_SIZE + 1];

    if (certificate == NULL ||
        X509_digest(certificate, EVP_sha1(), digest, &size) != 1)
        return 0;
    for (i = 0; i < size; i++) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[2 * i] = '\0';
    return OPENSSL_strcasecmp(text, thumbprint) == 0;
}

static int verify(X509_STORE_CTX *store, void *arg)
{
    const struct mhsmi_job *job = arg;

    if (set_name(store, job->host) && X509_verify_cert(store) == 1)
        return 1;
    if (!has_thumbprint(X509_STORE_CTX_get0_cert(store),
                        job->transport.thumbprint)) {
        if (X509_STORE_CTX_get_error(store) == X509_V_OK)
            X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static CURLcode fill_context(CURL *easy, void *context, void *arg)
{
    set_verify_fn *set_verify = find_set_verify();

    (void)easy;
    if (set_verify == NULL)
        return CURLE_ABORTED_BY_CALLBACK;
    set_verify(context, verify, arg);
    return CURLE_OK;
}

#define SET(option, value)                                                     \
    (mhsmi_libcurl()->easy_setopt(job->easy, option, value) == CURLE_OK)

int mhsmi_pin_prepare(struct mhsmi_job *job)
{
    return find_set_verify() != NULL && SET(CURLOPT_SSL_VERIFYHOST, 0L) &&
           SET(CURLOPT_SSL_CTX_FUNCTION, fill_context) &&
           SET(CURLOPT_SSL_CTX_DATA, (void *)job) &&
           SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_FORBID_REUSE, 1L);
}
