/* SPDX-License-Identifier: MIT
 *
 * URLs, read by libcurl's own parser so that what is checked here is what the
 * engine will connect to.  Everything ambiguous is refused: a bearer token
 * goes where the URL says.  Only a URL that no two parsers could read in two
 * ways is read here: the option `endpoint`, so that reading the options does
 * not load libcurl, and the URLs of the service's operations.
 */
#include "base/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/libcurl.h"

enum { url_max = 64 * 1024, host_max = 255 };

/* Printable ASCII without those characters that parsers disagree on. */
static int is_clean(const char *text)
{
    size_t i;

    for (i = 0; text[i] != 0; i++) {
        if (i == url_max || text[i] <= ' ' || text[i] >= 0x7f)
            return 0;
    }
    return i != 0 && strpbrk(text, "\\\"<>^`{|}") == NULL;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* How much of the text is letters, digits and `others`. strspn() would first
 * make a table of them, each time. */
static size_t span(const char *text, const char *others)
{
    size_t i = 0;

    while (is_letter(text[i]) || is_digit(text[i]) ||
           (text[i] != '\0' && strchr(others, text[i]) != NULL))
        i++;
    return i;
}

/* "scheme://authority" with nothing odd in the authority; *path gets what
 * follows it. */
static int check_shape(const char *text, const char **path)
{
    const char *authority = strstr(text, "://");
    size_t size;

    if (authority == NULL || authority == text)
        return 0;
    if (text + span(text, "+-.") != authority)
        return 0;
    authority += 3;
    size = strcspn(authority, "/?#");
    if (size == 0 || size > host_max + 8)
        return 0;
    *path = authority + size;
    return memchr(authority, '%', size) == NULL &&
           memchr(authority, '@', size) == NULL && strchr(text, '#') == NULL &&
           authority[size - 1] != ':';
}

/* Copy one part to *at, which moves on behind it. */
static char *put(char **at, const char *text, size_t size)
{
    char *copy = *at;

    if (size != 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    *at += size + 1;
    return copy;
}

static char *put_lower(char **at, const char *text, size_t size)
{
    char *copy = put(at, text, size), *c;

    for (c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

/* What libcurl has read. */
struct parts {
    char *scheme, *host, *port, *path, *query;
};

/* 1, with *text NULL when the URL lacks the part, or 0 when out of memory. */
static int get(CURLU *handle, CURLUPart which, char **text)
{
    return mhsmi_libcurl()->url_get(handle, which, text, 0) !=
           CURLUE_OUT_OF_MEMORY;
}

static size_t size_of(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

/* libcurl says "/" for no path and nothing for an empty query. */
static int copy_parts(struct mhsmi_url *url, const struct parts *parts,
                      const char *rest)
{
    const char *path = *rest == '/' ? parts->path : "";
    char *at;

    if (parts->scheme == NULL || parts->host == NULL || *parts->host == '\0' ||
        path == NULL)
        return 0;
    at = mhsmi_alloc(strlen(parts->scheme) + strlen(parts->host) +
                     strlen(path) + size_of(parts->query) + 4);
    if (at == NULL)
        return 0;
    url->scheme = put_lower(&at, parts->scheme, strlen(parts->scheme));
    url->host = put_lower(&at, parts->host, strlen(parts->host));
    url->path = put(&at, path, strlen(path));
    if (strchr(rest, '?') != NULL)
        url->query = put(&at, parts->query, size_of(parts->query));
    if (parts->port != NULL)
        url->port = (int)strtol(parts->port, NULL, 10);
    return 1;
}

static int read_parts(struct mhsmi_url *url, CURLU *handle, const char *rest)
{
    const struct mhsmi_libcurl *curl = mhsmi_libcurl();
    struct parts parts = {NULL, NULL, NULL, NULL, NULL};
    int ok = get(handle, CURLUPART_SCHEME, &parts.scheme) &&
             get(handle, CURLUPART_HOST, &parts.host) &&
             get(handle, CURLUPART_PORT, &parts.port) &&
             get(handle, CURLUPART_PATH, &parts.path) &&
             get(handle, CURLUPART_QUERY, &parts.query) &&
             copy_parts(url, &parts, rest);

    if (parts.query != NULL)
        OPENSSL_cleanse(parts.query, strlen(parts.query));
    curl->free(parts.scheme);
    curl->free(parts.host);
    curl->free(parts.port);
    curl->free(parts.path);
    curl->free(parts.query);
    return ok;
}

/* Labels of letters, digits and hyphens, the last of which begins with a
 * letter: no form of an address. */
static int is_plain_host(const char *host, size_t size)
{
    size_t i, label = 0;

    if (size == 0 || size > host_max || span(host, ".-") < size)
        return 0;
    for (i = 0; i < size; i++) {
        if (host[i] != '.')
            continue;
        if (i == label)
            return 0;
        label = i + 1;
    }
    return label < size && is_letter(host[label]);
}

/* Nothing that is resolved or decoded; *path gets the size of the path. */
static int is_plain_rest(const char *rest, size_t *path)
{
    const char *query;

    *path = span(rest, "/-_~.");
    query = rest + *path;
    return strstr(rest, "/.") == NULL &&
           (*query == '\0' || (*query == '?' && query[1] != '\0' &&
                               query[1 + span(query + 1, "=&-_~.")] == '\0'));
}

/* 1 when the URL is plain and was read; 0: libcurl shall read it, or there is
 * no memory. */
static int read_plain(struct mhsmi_url *url, const char *text, const char *rest)
{
    static const char *const schemes[] = {"https", "http", "mhsm"};
    const char *host = strstr(text, "://") + 3, *port;
    size_t scheme = (size_t)(host - 3 - text), size, path, i;
    long number = 0;
    char *at;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strlen(schemes[i]) == scheme &&
            OPENSSL_strncasecmp(schemes[i], text, scheme) == 0)
            break;
    }
    size = strcspn(host, ":/?#");
    port = host + size;
    if (i == sizeof(schemes) / sizeof(schemes[0]) ||
        !is_plain_host(host, size) || !is_plain_rest(rest, &path))
        return 0;
    if (*port == ':') {
        size_t digits = 0;

        while (is_digit(port[1 + digits]))
            digits++;
        if (digits == 0 || digits > 5 || port + 1 + digits != rest ||
            port[1] == '0')
            return 0;
        number = strtol(port + 1, NULL, 10);
        if (number > 65535)
            return 0;
    }
    at = mhsmi_alloc(strlen(text) + 4);
    if (at == NULL)
        return 0;
    url->scheme = put_lower(&at, text, scheme);
    url->host = put_lower(&at, host, size);
    url->path = put(&at, rest, path);
    if (rest[path] == '?')
        url->query = put(&at, rest + path + 1, strlen(rest + path + 1));
    url->port = (int)number;
    return 1;
}

int mhsmi_url_parse(struct mhsmi_url *url, const char *text)
{
    const struct mhsmi_libcurl *curl;
    const char *rest;
    CURLU *handle;
    int ok;

    *url = (struct mhsmi_url){0};
    if (text == NULL || !is_clean(text) || !check_shape(text, &rest))
        return 0;
    if (read_plain(url, text, rest))
        return 1;
    curl = mhsmi_libcurl();
    handle = curl == NULL ? NULL : curl->url();
    if (handle == NULL)
        return 0;
    ok = curl->url_set(handle, CURLUPART_URL, text,
                       CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER) ==
             CURLUE_OK &&
         read_parts(url, handle, rest);
    curl->url_cleanup(handle);
    if (!ok)
        mhsmi_url_clear(url);
    return ok;
}

void mhsmi_url_clear(struct mhsmi_url *url)
{
    if (url->query != NULL)
        OPENSSL_cleanse(url->query, strlen(url->query));
    mhsmi_free(url->scheme);
    *url = (struct mhsmi_url){0};
}

char *mhsmi_url_origin(const struct mhsmi_url *url)
{
    if (url->port == 0)
        return mhsmi_asprintf("%s://%s", url->scheme, url->host);
    return mhsmi_asprintf("%s://%s:%d", url->scheme, url->host, url->port);
}

static int effective_port(const struct mhsmi_url *url)
{
    if (url->port != 0)
        return url->port;
    if (strcmp(url->scheme, "https") == 0)
        return 443;
    return strcmp(url->scheme, "http") == 0 ? 80 : 0;
}

int mhsmi_url_same_origin(const char *a, const char *b)
{
    struct mhsmi_url first, second = {0};
    int same;

    same = mhsmi_url_parse(&first, a) && mhsmi_url_parse(&second, b) &&
           strcmp(first.scheme, second.scheme) == 0 &&
           strcmp(first.host, second.host) == 0 &&
           effective_port(&first) == effective_port(&second);
    mhsmi_url_clear(&first);
    mhsmi_url_clear(&second);
    return same;
}

int mhsmi_host_has_suffix(const char *host, const char *suffix)
{
    size_t length = strlen(host), tail = strlen(suffix);

    if (tail < 2 || suffix[0] != '.')
        return 0;
    if (length == tail - 1)
        return OPENSSL_strcasecmp(host, suffix + 1) == 0;
    return length > tail &&
           OPENSSL_strcasecmp(host + length - tail, suffix) == 0;
}

/* The IPv4 address that `host` writes in dotted form, in host order. */
static int ipv4(const char *host, unsigned long *address)
{
    struct in_addr in;

    if (inet_pton(AF_INET, host, &in) != 1)
        return 0;
    *address = ntohl(in.s_addr);
    return 1;
}

int mhsmi_host_is_loopback(const char *host)
{
    struct in6_addr in6;
    unsigned long address;
    char bare[INET6_ADDRSTRLEN] = "";
    size_t length = strlen(host);

    if (ipv4(host, &address))
        return address >> 24 == 127;
    if (OPENSSL_strcasecmp(host, "localhost") == 0)
        return 1;
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length >= sizeof(bare))
        return 0;
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)length, host);
    return inet_pton(AF_INET6, bare, &in6) == 1 && IN6_IS_ADDR_LOOPBACK(&in6);
}

int mhsmi_host_is_link_local(const char *host)
{
    unsigned long address;

    return ipv4(host, &address) && address >> 16 == 0xa9fe;
}

int mhsmi_url_escape(struct mhsmi_buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    size_t length = strlen(text), i;

    /* All room first, so that a failure leaves the buffer as it was. */
    if (length > SIZE_MAX / 3)
        return 0;
    for (i = 0; text[i] != 0; i++)
        length += strchr(plain, text[i]) == NULL ? 2 : 0;
    if (!mhsmi_buf_reserve(out, length))
        return 0;
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr(plain, *text) != NULL) {
            out->data[out->size++] = c;
        } else {
            out->data[out->size++] = '%';
            out->data[out->size++] = (unsigned char)hex[c >> 4];
            out->data[out->size++] = (unsigned char)hex[c & 15];
        }
    }
    out->data[out->size] = 0;
    return 1;
}
