/* SPDX-License-Identifier: MIT
 *
 * The URLs and lists that people write into https_proxy and no_proxy.
 */
#include "doctor/proxy.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/buf.h"

/* libcurl's, for want of another one in the URL. */
static const char default_port[] = "1080";

char *doctor_proxy_place(const char *url)
{
    const char *from = strstr(url, "://"), *at, *colon, *bracket;
    size_t size;

    from = from != NULL ? from + 3 : url;
    size = strcspn(from, "/?#");
    for (at = from; at < from + size; at++) {
        if (*at == '@') {
            size -= (size_t)(at + 1 - from);
            from = at + 1;
        }
    }
    if (size == 0 || size > 255)
        return NULL;
    bracket = memchr(from, ']', size);
    at = bracket != NULL ? bracket : from;
    colon = memchr(at, ':', size - (size_t)(at - from));
    if (colon == NULL)
        return mhsmi_asprintf("%.*s:%s", (int)size, from, default_port);
    at = colon + 1;
    if (colon == from || at == from + size || from + size - at > 5 ||
        strspn(at, "0123456789") < (size_t)(from + size - at))
        return NULL;
    return mhsmi_strndup(from, size);
}

int doctor_proxy_exempt(const char *list, const char *host)
{
    size_t size, length = strlen(host);

    if (list == NULL)
        return 0;
    if (strcmp(list, "*") == 0)
        return 1;
    for (; *list != '\0'; list += size) {
        list += strspn(list, ", .");
        size = strcspn(list, ", ");
        if (size == 0 || size > length ||
            OPENSSL_strncasecmp(host + length - size, list, size) != 0)
            continue;
        if (size == length || host[length - size - 1] == '.')
            return 1;
    }
    return 0;
}
