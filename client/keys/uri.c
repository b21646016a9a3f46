/* SPDX-License-Identifier: MIT
 *
 * Key URIs: parsing, and the decision which hosts may be spoken to.  The
 * bearer token goes to the host that is accepted here, so what is not clearly
 * right is refused.  No I/O.
 */
#include "keys/uri.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/endpoint.h"
#include "base/error.h"

#define URI_MAX 1024

int mhsmi_key_name_check(const char *name)
{
    size_t size;

    for (size = 0; name[size] != '\0'; size++) {
        char c = name[size];
        if (size == MHSMI_NAME_MAX ||
            (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
             !(c >= 'A' && c <= 'Z') && c != '-'))
            return 0;
    }
    return size != 0;
}

int mhsmi_key_version_check(const char *version)
{
    return strspn(version, "0123456789abcdefABCDEF") == MHSMI_VERSION_LEN &&
           version[MHSMI_VERSION_LEN] == '\0';
}

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
    }
}

int mhsmi_key_path_split(const char *path, const char *collection, char **name,
                         char **version)
{
    size_t size = strlen(collection);
    const char *slash;
    char *n = NULL, *v = NULL;

    if (path[0] != '/' || strncmp(path + 1, collection, size) != 0 ||
        path[size + 1] != '/')
        return 0;
    path += size + 2;
    slash = strchr(path, '/');
    n = slash != NULL ? mhsmi_strndup(path, (size_t)(slash - path))
                      : mhsmi_strdup(path);
    if (n == NULL || !mhsmi_key_name_check(n))
        goto fail;
    if (slash != NULL) {
        v = mhsmi_strdup(slash + 1);
        if (v == NULL || !mhsmi_key_version_check(v))
            goto fail;
        lower(v);
    }
    *name = n;
    *version = v;
    return 1;
fail:
    mhsmi_free(n);
    mhsmi_free(v);
    return 0;
}

/* An HSM has more names than one: that of its region, one of a private link,
 * localhost for an emulator; its ids may be written with the one that Azure
 * gave it.  Nothing is ever sent there. */
static int is_azure_name(const struct mhsmi_url *url)
{
    return strcmp(url->scheme, "https") == 0 &&
           (url->port == 0 || url->port == 443) &&
           mhsmi_endpoint_resource(url->host) != NULL;
}

int mhsmi_key_id_split(const char *id, const char *endpoint,
                       const char *collection, char **name, char **version)
{
    struct mhsmi_url url;
    int ok;

    /* Dot segments would be resolved away before they can be seen. */
    if (strlen(id) > URI_MAX || strpbrk(id, "#%") != NULL ||
        strstr(id, "/.") != NULL || !mhsmi_url_parse(&url, id))
        return 0;
    ok = url.query == NULL &&
         (mhsmi_url_same_origin(id, endpoint) || is_azure_name(&url)) &&
         mhsmi_key_path_split(url.path, collection, name, version);
    mhsmi_url_clear(&url);
    return ok;
}

char *mhsmi_uri_format(const char *endpoint, const char *name,
                       const char *version)
{
    const char *host = endpoint + strlen("https://");

    if (name == NULL)
        return mhsmi_asprintf("mhsm://%s", host);
    if (version == NULL)
        return mhsmi_asprintf("mhsm://%s/keys/%s", host, name);
    return mhsmi_asprintf("mhsm://%s/keys/%s/%s", host, name, version);
}

static int host_allowed(const mhsm_config *config, const char *origin)
{
    const char *list = mhsm_config_get(config, "allowed-hosts");
    const char *configured = mhsm_config_get(config, "endpoint");
    struct mhsmi_url url;
    int i, ok = 0;

    for (i = 0; i < 2 && configured != NULL && !ok; i++) {
        char *own = mhsmi_endpoint_of_list(configured, i);

        ok = own != NULL && strcmp(own, origin) == 0;
        mhsmi_free(own);
    }
    if (ok)
        return 1;
    if (!mhsmi_url_parse(&url, origin))
        return 0;
    ok = (url.port == 0 && mhsmi_endpoint_resource(url.host) != NULL) ||
         (list != NULL && mhsmi_host_in_list(list, url.host, url.port));
    mhsmi_url_clear(&url);
    return ok;
}

static mhsm_status malformed(const char *text, const char *why,
                             mhsm_error **err)
{
    mhsm_status st = mhsmi_error(err, MHSM_ERR_URI,
                                 "malformed key URI \"%.200s\": %s", text, why);

    mhsmi_error_set_hint(
        err, "write mhsm://HOST/keys/NAME[/VERSION] or mhsm:NAME[/VERSION]");
    return st;
}

/* Takes `origin`, `name` and `version`, whatever happens. */
static mhsm_status finish(const mhsm_config *config, char *origin, char *name,
                          char *version, mhsm_uri **uri, mhsm_error **err)
{
    mhsm_uri *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL || origin == NULL) {
        mhsmi_free(made);
        mhsmi_free(origin);
        mhsmi_free(name);
        mhsmi_free(version);
        return mhsmi_error_memory(err);
    }
    made->endpoint = origin;
    made->name = name;
    made->version = version;
    if (!host_allowed(config, origin)) {
        st = mhsmi_error(err, MHSM_ERR_URI,
                         "%s is not allowed: it is neither in a known domain "
                         "of Azure nor the configured endpoint",
                         origin);
        mhsmi_error_set_hint(err, "a token would be sent there; if that is "
                                  "meant, name the host in allowed-hosts");
        goto fail;
    }
    made->text = mhsmi_uri_format(origin, name, version);
    if (made->text == NULL) {
        st = mhsmi_error_memory(err);
        goto fail;
    }
    *uri = made;
    return MHSM_OK;
fail:
    mhsm_uri_free(made);
    return st;
}

static mhsm_status configured_endpoint(const mhsm_config *config, char **origin,
                                       mhsm_error **err)
{
    const char *endpoint = mhsm_config_get(config, "endpoint");
    mhsm_status st;

    if (endpoint == NULL) {
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "no HSM is named: the option endpoint is not set");
        mhsmi_error_set_hint(err, "set MHSM_ENDPOINT or `endpoint` to the "
                                  "HSM's URL, or use the whole URI");
        return st;
    }
    *origin = mhsmi_endpoint_of_list(endpoint, 0);
    return *origin != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

/* What is left of a URI once its query is taken off. */
struct parts {
    char *origin, *name, *version;
};

/* "mhsm://..." or "https://...": `rest` is what follows the slashes. */
static mhsm_status parse_whole(const char *text, const char *rest,
                               struct parts *parts, mhsm_error **err)
{
    char *whole = mhsmi_asprintf("https://%s", rest);
    struct mhsmi_url url;
    mhsm_status st = MHSM_OK;

    if (whole == NULL)
        return mhsmi_error_memory(err);
    if (!mhsmi_url_parse(&url, whole)) {
        st = malformed(text, "there is no valid host", err);
        goto out;
    }
    if (url.path[0] != '\0' && strcmp(url.path, "/") != 0 &&
        !mhsmi_key_path_split(url.path, "keys", &parts->name,
                              &parts->version)) {
        st = malformed(text, "the path is not /keys/NAME[/VERSION]", err);
    } else {
        parts->origin = mhsmi_endpoint_of_url(&url);
        if (parts->origin == NULL)
            st = mhsmi_error_memory(err);
    }
    mhsmi_url_clear(&url);
out:
    mhsmi_free(whole);
    return st;
}

/* "NAME[/VERSION]" or nothing. */
static mhsm_status parse_short(const mhsm_config *config, const char *text,
                               const char *rest, struct parts *parts,
                               mhsm_error **err)
{
    char *path;
    mhsm_status st = configured_endpoint(config, &parts->origin, err);

    if (st != MHSM_OK || rest[0] == '\0')
        return st;
    path = mhsmi_asprintf("/keys/%s", rest);
    if (path == NULL)
        return mhsmi_error_memory(err);
    if (!mhsmi_key_path_split(path, "keys", &parts->name, &parts->version))
        st = malformed(text,
                       "a name is 1 to 127 letters, digits and hyphens, a "
                       "version 32 hexadecimal digits",
                       err);
    mhsmi_free(path);
    return st;
}

/* "HSM:NAME[:VERSION]". */
static mhsm_status parse_compatible(const char *text, const char *rest,
                                    struct parts *parts, mhsm_error **err)
{
    const char *colon = strchr(rest, ':');
    char *hsm = NULL, *path = NULL, *second;
    mhsm_status st = MHSM_OK;

    if (colon == NULL || strchr(rest, '/') != NULL)
        return malformed(text, "it is not managedhsm:HSM:NAME[:VERSION]", err);
    hsm = mhsmi_strndup(rest, (size_t)(colon - rest));
    path = mhsmi_asprintf("/keys/%s", colon + 1);
    if (hsm == NULL || path == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    second = strchr(path, ':');
    if (second != NULL)
        *second = '/';
    parts->origin = mhsmi_endpoint_origin(hsm);
    if (parts->origin == NULL ||
        !mhsmi_key_path_split(path, "keys", &parts->name, &parts->version))
        st = malformed(text, "it is not managedhsm:HSM:NAME[:VERSION]", err);
out:
    mhsmi_free(hsm);
    mhsmi_free(path);
    return st;
}

/* "version=VERSION" from the query. */
static mhsm_status parse_query(const char *text, const char *query,
                               struct parts *parts, mhsm_error **err)
{
    char *version;

    if (strncmp(query, "version=", 8) != 0 ||
        !mhsmi_key_version_check(query + 8))
        return malformed(
            text, "the only parameter is version, 32 hexadecimal digits", err);
    if (parts->name == NULL)
        return malformed(text, "a version without a key", err);
    if (parts->version != NULL)
        return malformed(text, "the version is given twice", err);
    version = mhsmi_strdup(query + 8);
    if (version == NULL)
        return mhsmi_error_memory(err);
    lower(version);
    parts->version = version;
    return MHSM_OK;
}

/* What follows the scheme, which is written in any case (RFC 3986 3.1); NULL
 * when it is another. */
static const char *after(const char *text, const char *scheme)
{
    size_t size = strlen(scheme);

    return OPENSSL_strncasecmp(text, scheme, size) == 0 ? text + size : NULL;
}

static mhsm_status parse_parts(const mhsm_config *config, const char *text,
                               char *copy, struct parts *parts,
                               mhsm_error **err)
{
    char *query = strchr(copy, '?');
    const char *rest;
    mhsm_status st;

    if (query != NULL)
        *query++ = '\0';
    if ((rest = after(copy, "mhsm://")) != NULL ||
        (rest = after(copy, "https://")) != NULL)
        st = parse_whole(text, rest, parts, err);
    else if ((rest = after(copy, "mhsm:")) != NULL)
        st = parse_short(config, text, rest, parts, err);
    else if ((rest = after(copy, "managedhsm:")) != NULL)
        st = parse_compatible(text, rest, parts, err);
    else
        st = malformed(text, "it does not begin with mhsm:", err);
    if (st == MHSM_OK && query != NULL)
        st = parse_query(text, query, parts, err);
    return st;
}

mhsm_status mhsm_uri_parse(const mhsm_client *client, const char *text,
                           mhsm_uri **uri, mhsm_error **err)
{
    struct parts parts = {NULL, NULL, NULL};
    const mhsm_config *config;
    const char *p;
    char *copy;
    mhsm_status st;

    if (client == NULL || text == NULL || uri == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no URI to parse");
    for (p = text; *p != '\0'; p++) {
        if (*p <= 0x20 || *p >= 0x7f || strchr("%#@\\\"", *p) != NULL ||
            p - text >= URI_MAX)
            return malformed(text,
                             "it is too long or has a character that "
                             "key URIs never have",
                             err);
    }
    if (strstr(text, "/.") != NULL)
        return malformed(text, "it has dot segments", err);
    config = mhsm_client_config(client);
    copy = mhsmi_strdup(text);
    if (copy == NULL)
        return mhsmi_error_memory(err);
    st = parse_parts(config, text, copy, &parts, err);
    mhsmi_free(copy);
    if (st == MHSM_OK)
        return finish(config, parts.origin, parts.name, parts.version, uri,
                      err);
    mhsmi_free(parts.origin);
    mhsmi_free(parts.name);
    mhsmi_free(parts.version);
    return st;
}

static mhsm_status check_new(const char *name, const char *version,
                             mhsm_error **err)
{
    if (name != NULL && !mhsmi_key_name_check(name))
        return mhsmi_error(err, MHSM_ERR_URI,
                           "\"%.140s\" is no key name: 1 to 127 letters, "
                           "digits and hyphens",
                           name);
    if (version != NULL && !mhsmi_key_version_check(version))
        return mhsmi_error(err, MHSM_ERR_URI,
                           "\"%.40s\" is no key version: 32 hexadecimal digits",
                           version);
    if (version != NULL && name == NULL)
        return mhsmi_error(err, MHSM_ERR_URI, "a version needs a key name");
    return MHSM_OK;
}

mhsm_status mhsm_uri_new(const mhsm_client *client, const char *hsm,
                         const char *name, const char *version, mhsm_uri **uri,
                         mhsm_error **err)
{
    const mhsm_config *config;
    char *origin = NULL, *n = NULL, *v = NULL;
    mhsm_status st;

    if (client == NULL || uri == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no client");
    config = mhsm_client_config(client);
    st = check_new(name, version, err);
    if (st != MHSM_OK)
        return st;
    if (hsm == NULL) {
        st = configured_endpoint(config, &origin, err);
        if (st != MHSM_OK)
            return st;
    } else {
        origin = mhsmi_endpoint_origin(hsm);
        if (origin == NULL)
            return mhsmi_error(err, MHSM_ERR_URI,
                               "\"%.200s\" is not the name, host or URL of an "
                               "HSM",
                               hsm);
    }
    n = name != NULL ? mhsmi_strdup(name) : NULL;
    v = version != NULL ? mhsmi_strdup(version) : NULL;
    if ((n == NULL) != (name == NULL) || (v == NULL) != (version == NULL)) {
        mhsmi_free(origin);
        mhsmi_free(n);
        mhsmi_free(v);
        return mhsmi_error_memory(err);
    }
    if (v != NULL)
        lower(v);
    return finish(config, origin, n, v, uri, err);
}

mhsm_uri *mhsmi_uri_copy(const mhsm_uri *uri)
{
    mhsm_uri *copy = mhsmi_alloc(sizeof(*copy));

    if (copy == NULL)
        return NULL;
    copy->endpoint = mhsmi_strdup(uri->endpoint);
    copy->name = uri->name != NULL ? mhsmi_strdup(uri->name) : NULL;
    copy->version = uri->version != NULL ? mhsmi_strdup(uri->version) : NULL;
    copy->text = mhsmi_strdup(uri->text);
    if (copy->endpoint == NULL || copy->text == NULL ||
        (copy->name == NULL) != (uri->name == NULL) ||
        (copy->version == NULL) != (uri->version == NULL)) {
        mhsm_uri_free(copy);
        return NULL;
    }
    return copy;
}

void mhsm_uri_free(mhsm_uri *uri)
{
    if (uri == NULL)
        return;
    mhsmi_free(uri->endpoint);
    mhsmi_free(uri->name);
    mhsmi_free(uri->version);
    mhsmi_free(uri->text);
    mhsmi_free(uri);
}

const char *mhsm_uri_endpoint(const mhsm_uri *uri)
{
    return uri->endpoint;
}

const char *mhsm_uri_name(const mhsm_uri *uri)
{
    return uri->name;
}

const char *mhsm_uri_version(const mhsm_uri *uri)
{
    return uri->version;
}

const char *mhsm_uri_text(const mhsm_uri *uri)
{
    return uri->text;
}
