/* SPDX-License-Identifier: MIT
 *
 * The checks of values, from printable text to URLs that tokens go to.
 */
#include "base/option_check.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/endpoint.h"

#define TEXT_MAX 4096
#define PEM_MAX  65536

/* Printable, and neither empty nor huge. */
int mhsmi_check_text(const char *value)
{
    size_t size = 0;

    for (; value[size] != '\0'; size++) {
        unsigned char c = (unsigned char)value[size];
        if (c < 0x20 || c == 0x7f || size == TEXT_MAX)
            return 0;
    }
    return size != 0;
}

int mhsmi_check_charset(const char *value, const char *extra, size_t max)
{
    size_t size = 0;

    for (; value[size] != '\0'; size++) {
        char c = value[size];
        if (size == max ||
            (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
             !(c >= 'A' && c <= 'Z') && !strchr(extra, c)))
            return 0;
    }
    return size != 0;
}

int mhsmi_check_version(const char *value)
{
    return mhsmi_check_charset(value, ".-", 32);
}

int mhsmi_check_token(const char *value)
{
    return mhsmi_check_charset(value, ".-", 255);
}

/* White space around it, and the case, do not count. */
int mhsmi_check_credentials(const char *value)
{
    static const char *const names[] = {"prod",
                                        "dev",
                                        "EnvironmentCredential",
                                        "WorkloadIdentityCredential",
                                        "ManagedIdentityCredential",
                                        "AzureCliCredential"};
    size_t i, size;

    value += strspn(value, " \t");
    size = strcspn(value, " \t");
    if (value[size + strspn(value + size, " \t")] != '\0')
        return 0;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == size &&
            OPENSSL_strncasecmp(names[i], value, size) == 0)
            return 1;
    }
    return 0;
}

int mhsmi_check_program(const char *value)
{
    return mhsmi_check_text(value) && value[0] == '/';
}

/* It may not look like an option of the program that it is given to. */
int mhsmi_check_subscription(const char *value)
{
    return mhsmi_check_charset(value, "._- ", 255) && value[0] != '-';
}

/* Of several lines; whether it is well-formed is for libssl to say. */
int mhsmi_check_pem(const char *value)
{
    return strstr(value, "-----BEGIN CERTIFICATE-----") != NULL &&
           strlen(value) <= PEM_MAX;
}

int mhsmi_check_endpoint(const char *value)
{
    char *first = mhsmi_endpoint_of_list(value, 0);
    char *second = mhsmi_endpoint_of_list(value, 1);
    int ok = first != NULL && (strchr(value, ',') == NULL ||
                               (second != NULL && strcmp(first, second) != 0));

    mhsmi_free(first);
    mhsmi_free(second);
    return ok;
}

int mhsmi_check_hosts(const char *value)
{
    return mhsmi_check_text(value) && mhsmi_host_list_check(value);
}

int mhsmi_check_operations(const char *value)
{
    static const char *const names[] = {"keymgmt", "signature", "asym_cipher",
                                        "store",   "encoder",   "decoder",
                                        "rand",    "skeymgmt",  "cipher"};
    size_t size, i;

    for (; *value != '\0'; value += size + (value[size] == ',')) {
        size = strcspn(value, ",");
        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strlen(names[i]) == size && memcmp(names[i], value, size) == 0)
                break;
        if (i == sizeof(names) / sizeof(names[0]))
            return 0;
    }
    return value[-1] != ',';
}

/* Absolute, no user info (the parser refuses it), no query, no fragment. */
static int check_url(const char *value, int http_to_near)
{
    struct mhsmi_url url;
    int ok;

    if (!mhsmi_check_text(value) || strpbrk(value, " #\"\\") != NULL ||
        !mhsmi_url_parse(&url, value))
        return 0;
    ok = url.query == NULL &&
         (strcmp(url.scheme, "https") == 0 ||
          (http_to_near && strcmp(url.scheme, "http") == 0 &&
           (mhsmi_host_is_loopback(url.host) ||
            mhsmi_host_is_link_local(url.host))));
    mhsmi_url_clear(&url);
    return ok;
}

int mhsmi_check_authority(const char *value)
{
    return check_url(value, 0);
}

/* A final slash would ask for another audience. */
int mhsmi_check_resource(const char *value)
{
    return check_url(value, 0) && value[strlen(value) - 1] != '/';
}

int mhsmi_check_imds(const char *value)
{
    return check_url(value, 1);
}

/* A password here would be a secret in plain sight. */
int mhsmi_check_proxy(const char *value)
{
    return mhsmi_check_text(value) && strpbrk(value, "@ \"\\") == NULL;
}
