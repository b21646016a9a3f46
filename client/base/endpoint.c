/* SPDX-License-Identifier: MIT
 *
 * What an HSM may be called.  Decides by names alone and never resolves one.
 */
#include "base/endpoint.h"

#include <string.h>

#include <openssl/crypto.h>

#define HOST_MAX 253

#define PUBLIC     "https://login.microsoftonline.com"
#define GOVERNMENT "https://login.microsoftonline.us"
#define CHINA      "https://login.chinacloudapi.cn"

/* Every cloud's suffix with the resource (token audience) of its HSMs, and the
 * authority that issues tokens there. */
static const struct {
    const char *suffix;
    const char *resource;
    const char *authority;
} clouds[] = {
    {".managedhsm.azure.net", "https://managedhsm.azure.net", PUBLIC},
    {".managedhsm.usgovcloudapi.net", "https://managedhsm.usgovcloudapi.net",
     GOVERNMENT},
    {".managedhsm.azure.cn", "https://managedhsm.azure.cn", CHINA},
    {".vault.azure.net", "https://vault.azure.net", PUBLIC},
    {".vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net", GOVERNMENT},
    {".vault.azure.cn", "https://vault.azure.cn", CHINA},
};

/* The management plane of each cloud, by its authority. */
static const struct {
    const char *authority, *management;
} planes[] = {
    {PUBLIC, "https://management.azure.com"},
    {GOVERNMENT, "https://management.usgovcloudapi.net"},
    {CHINA, "https://management.chinacloudapi.cn"},
};

static int is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Letters, digits and inner hyphens in labels: one label when !dots. */
static int is_host_name(const char *text, size_t size, int dots)
{
    size_t i, label = 0;

    if (size == 0 || size > HOST_MAX)
        return 0;
    for (i = 0; i < size; i++) {
        if (text[i] == '.') {
            if (!dots || label == 0 || text[i - 1] == '-')
                return 0;
            label = 0;
            continue;
        }
        if (!is_alnum(text[i]) && (text[i] != '-' || label == 0))
            return 0;
        if (++label > 63)
            return 0;
    }
    return label != 0 && text[size - 1] != '-';
}

char *mhsmi_endpoint_of_url(const struct mhsmi_url *url)
{
    if (strcmp(url->scheme, "https") != 0)
        return NULL;
    if (url->port == 0 || url->port == 443)
        return mhsmi_asprintf("https://%s", url->host);
    return mhsmi_asprintf("https://%s:%d", url->host, url->port);
}

static char *origin_of_https(const char *text)
{
    struct mhsmi_url url;
    char *origin = NULL;

    if (!mhsmi_url_parse(&url, text))
        return NULL;
    if (url.query == NULL && strchr(text, '#') == NULL &&
        (url.path[0] == '\0' || strcmp(url.path, "/") == 0))
        origin = mhsmi_endpoint_of_url(&url);
    mhsmi_url_clear(&url);
    return origin;
}

char *mhsmi_endpoint_origin(const char *text)
{
    char *url, *origin;
    size_t size = strlen(text);

    if (OPENSSL_strncasecmp(text, "https://", 8) == 0)
        return origin_of_https(text);
    /* A host, with a port or without; an IP literal needs a whole URL. */
    if (strpbrk(text, "/?#@[]%") != NULL || size > HOST_MAX + 6)
        return NULL;
    if (is_host_name(text, size, 0))
        url = mhsmi_asprintf("https://%s%s", text, clouds[0].suffix);
    else if (is_host_name(text, strcspn(text, ":"), 1))
        url = mhsmi_asprintf("https://%s", text);
    else
        return NULL;
    if (url == NULL)
        return NULL;
    origin = origin_of_https(url);
    mhsmi_free(url);
    return origin;
}

char *mhsmi_endpoint_of_list(const char *text, int index)
{
    const char *comma = strchr(text, ',');
    char *one, *origin;
    size_t size;

    if (index != 0)
        text = comma == NULL ? "" : comma + 1;
    size = index == 0 && comma != NULL ? (size_t)(comma - text) : strlen(text);
    for (; size != 0 && *text == ' '; text++)
        size--;
    while (size != 0 && text[size - 1] == ' ')
        size--;
    one = mhsmi_strndup(text, size);
    origin = one == NULL ? NULL : mhsmi_endpoint_origin(one);
    mhsmi_free(one);
    return origin;
}

const char *mhsmi_endpoint_resource(const char *host)
{
    size_t i, size = strlen(host), suffix;

    for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
        suffix = strlen(clouds[i].suffix);
        if (size > suffix &&
            OPENSSL_strcasecmp(host + size - suffix, clouds[i].suffix) == 0)
            return clouds[i].resource;
    }
    return NULL;
}

int mhsmi_endpoint_is_vault(const mhsm_config *config, const char *endpoint)
{
    static const char vault[] = "https://vault.";
    const char *host = endpoint + strlen("https://");
    const char *resource = mhsm_config_get(config, "resource");
    char *bare;

    if (resource == NULL) {
        bare = mhsmi_strndup(host, strcspn(host, ":/"));
        if (bare != NULL)
            resource = mhsmi_endpoint_resource(bare);
        mhsmi_free(bare);
    }
    return resource != NULL && strncmp(resource, vault, strlen(vault)) == 0;
}

const char *mhsmi_endpoint_authority(const char *resource)
{
    size_t i;

    for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
        if (OPENSSL_strcasecmp(resource, clouds[i].resource) == 0)
            return clouds[i].authority;
    }
    for (i = 0; i < sizeof(planes) / sizeof(planes[0]); i++) {
        if (OPENSSL_strcasecmp(resource, planes[i].management) == 0)
            return planes[i].authority;
    }
    return clouds[0].authority;
}

const char *mhsmi_endpoint_management(const mhsm_config *config)
{
    const char *authority = mhsm_config_get(config, "authority-host");
    const char *resource = mhsm_config_get(config, "resource");
    struct mhsmi_url url;
    char *endpoint = NULL;
    size_t i;

    if (mhsm_config_get(config, "management-endpoint") != NULL)
        return mhsm_config_get(config, "management-endpoint");
    if (mhsm_config_get(config, "endpoint") != NULL)
        endpoint =
            mhsmi_endpoint_of_list(mhsm_config_get(config, "endpoint"), 0);
    if (resource == NULL && endpoint != NULL &&
        mhsmi_url_parse(&url, endpoint)) {
        resource = mhsmi_endpoint_resource(url.host);
        mhsmi_url_clear(&url);
    }
    mhsmi_free(endpoint);
    if (mhsm_config_origin(config, "authority-host") == MHSM_ORIGIN_DEFAULT &&
        resource != NULL)
        authority = mhsmi_endpoint_authority(resource);
    for (i = 0; i < sizeof(planes) / sizeof(planes[0]); i++) {
        if (OPENSSL_strcasecmp(authority, planes[i].authority) == 0)
            return planes[i].management;
    }
    return planes[0].management;
}

/* Split one entry into its host part and its port: 0 when malformed. */
static int split_entry(const char *entry, size_t size, size_t *host_size,
                       int *port)
{
    const char *colon = memchr(entry, ':', size);
    size_t i, host = colon != NULL ? (size_t)(colon - entry) : size;
    size_t skip = size != 0 && entry[0] == '.' ? 1 : 0;
    int value = 0;

    *port = 0;
    *host_size = host;
    /* [::1]:8443: brackets enclose the colons of an address. */
    if (size != 0 && entry[0] == '[') {
        const char *end = memchr(entry, ']', size);
        if (end == NULL)
            return 0;
        host = (size_t)(end - entry) + 1;
        *host_size = host;
        if (strspn(entry + 1, "0123456789abcdefABCDEF:.") != host - 2)
            return 0;
        if (host == size)
            return 1;
        if (entry[host] != ':')
            return 0;
    } else if (!is_host_name(entry + skip, host - skip, 1)) {
        return 0;
    } else if (colon == NULL) {
        return 1;
    }
    if (size - host < 2 || size - host > 6)
        return 0;
    for (i = host + 1; i < size; i++) {
        if (entry[i] < '0' || entry[i] > '9')
            return 0;
        value = value * 10 + (entry[i] - '0');
    }
    *port = value;
    return value >= 1 && value <= 65535;
}

/* Step to the next entry of a comma list, spaces trimmed: 0 at the end. */
static int next_entry(const char **cursor, const char **entry, size_t *size)
{
    const char *p = *cursor;
    size_t length;

    if (p == NULL)
        return 0;
    length = strcspn(p, ",");
    *cursor = p[length] == ',' ? p + length + 1 : NULL;
    while (length != 0 && *p == ' ') {
        p++;
        length--;
    }
    while (length != 0 && p[length - 1] == ' ')
        length--;
    *entry = p;
    *size = length;
    return 1;
}

int mhsmi_host_list_check(const char *list)
{
    const char *entry;
    size_t size, host;
    int port;

    while (next_entry(&list, &entry, &size)) {
        if (!split_entry(entry, size, &host, &port))
            return 0;
    }
    return 1;
}

static int is_address(const char *host)
{
    const char *last = strrchr(host, '.');

    last = last != NULL ? last + 1 : host;
    return host[0] == '[' || (*last >= '0' && *last <= '9');
}

int mhsmi_host_in_list(const char *list, const char *host, int port)
{
    const char *entry;
    size_t size, part, length = strlen(host);
    int wanted;

    if (port == 0)
        port = 443;
    while (next_entry(&list, &entry, &size)) {
        if (!split_entry(entry, size, &part, &wanted))
            return 0;
        if (wanted != 0 && wanted != port)
            continue;
        if (entry[0] != '.') {
            if (part == length && OPENSSL_strncasecmp(entry, host, part) == 0)
                return 1;
        } else if (length > part && !is_address(host) &&
                   OPENSSL_strncasecmp(host + length - part, entry, part) ==
                       0) {
            return 1;
        }
    }
    return 0;
}
