/* SPDX-License-Identifier: MIT
 *
 * URLs and hosts: a bearer token goes where these functions allow.
 */
#include "base/url.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/libcurl.h"
#include "check.h"

static void good(const char *text, const char *origin, const char *path,
                 const char *query)
{
    struct mhsmi_url url;
    char *made;

    CHECK_FATAL(mhsmi_url_parse(&url, text) == 1);
    made = mhsmi_url_origin(&url);
    CHECK_TEXT(made, origin);
    mhsmi_free(made);
    CHECK_TEXT(url.path, path);
    if (query == NULL)
        CHECK(url.query == NULL);
    else
        CHECK_TEXT(url.query, query);
    mhsmi_url_clear(&url);
    CHECK(url.host == NULL);
}

static void test_parse(void)
{
    good("https://h.managedhsm.azure.net", "https://h.managedhsm.azure.net", "",
         NULL);
    good("HTTPS://H.ManagedHSM.azure.net:8443/keys/K?a=b%20c",
         "https://h.managedhsm.azure.net:8443", "/keys/K", "a=b%20c");
    good("https://h/", "https://h", "/", NULL);
    good("https://h?x=1", "https://h", "", "x=1");
    good("https://h/?", "https://h", "/", "");
    good("http://[::1]:80/x", "http://[::1]:80", "/x", NULL);
    good("https://127.0.0.1/a//b", "https://127.0.0.1", "/a//b", NULL);
    good("mhsm://h.example/keys/k/v", "mhsm://h.example", "/keys/k/v", NULL);
}

static void test_malformed(void)
{
    static const char *const bad[] = {
        "",
        "h",
        "h.example/keys",
        "//h/x",
        "https:",
        "https:h",
        "https:/h",
        "https://",
        "https:///x",
        "https://?x",
        "https://u@h/",
        "https://u:p@h/",
        "https://@h/",
        "https://h%2eexample/",
        "https://h/x y",
        "https://h/\tx",
        "https://h/\n",
        "https://h/\x01",
        "https://h/\xc3\xa9",
        "https://h#f",
        "https://h/x#",
        "https://h:99999/",
        "https://h:-1/",
        "https://h:x/",
        "https://h:/",
        "https://h\\x/",
        "https://a b/",
        "ht tp://h/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://h/<x>",
        "https://h/\"",
        "1https//h",
        "https://h,i/{a}",
    };
    char text[70000];
    struct mhsmi_url url;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int ok = mhsmi_url_parse(&url, bad[i]);

        if (ok)
            (void)fprintf(stderr, "accepted: %s\n", bad[i]);
        CHECK(ok == 0);
        CHECK(url.scheme == NULL && url.host == NULL && url.path == NULL);
        mhsmi_url_clear(&url);
    }
    CHECK(mhsmi_url_parse(&url, NULL) == 0);
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    memcpy(text, "https://", 8);
    CHECK(mhsmi_url_parse(&url, text) == 0);
    text[20] = '/';
    CHECK(mhsmi_url_parse(&url, text) == 0);
    text[60000] = 0;
    CHECK(mhsmi_url_parse(&url, text) == 1);
    mhsmi_url_clear(&url);
}

/* Odd spellings of an address must not hide what it is. */
static void test_address_forms(void)
{
    static const char *const loopback[] = {"https://0x7f.1/", "https://127.1/",
                                           "https://2130706433/",
                                           "https://0177.0.0.1/"};
    size_t i;

    for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        struct mhsmi_url url;

        CHECK_FATAL(mhsmi_url_parse(&url, loopback[i]) == 1);
        CHECK(mhsmi_host_is_loopback(url.host));
        mhsmi_url_clear(&url);
    }
}

static void test_same_origin(void)
{
    CHECK(mhsmi_url_same_origin("https://h", "https://H:443/x?y"));
    CHECK(mhsmi_url_same_origin("http://h:80", "http://h"));
    CHECK(!mhsmi_url_same_origin("https://h", "http://h"));
    CHECK(!mhsmi_url_same_origin("https://h", "http://h:443"));
    CHECK(!mhsmi_url_same_origin("https://h", "https://h:444"));
    CHECK(!mhsmi_url_same_origin("https://h", "https://h.evil"));
    CHECK(!mhsmi_url_same_origin("https://h", "https://h@evil"));
    CHECK(!mhsmi_url_same_origin("https://h", "nonsense"));
    CHECK(!mhsmi_url_same_origin("nonsense", "nonsense"));
    CHECK(!mhsmi_url_same_origin(NULL, "https://h"));
}

static void test_suffix(void)
{
    static const char azure[] = ".managedhsm.azure.net";

    CHECK(mhsmi_host_has_suffix("x.managedhsm.azure.net", azure));
    CHECK(mhsmi_host_has_suffix("X.MANAGEDHSM.azure.NET", azure));
    CHECK(mhsmi_host_has_suffix("a.b.managedhsm.azure.net", azure));
    CHECK(mhsmi_host_has_suffix("managedhsm.azure.net", azure));
    CHECK(!mhsmi_host_has_suffix("evilmanagedhsm.azure.net", azure));
    CHECK(!mhsmi_host_has_suffix(".managedhsm.azure.net", azure));
    CHECK(!mhsmi_host_has_suffix("x.managedhsm.azure.net.evil", azure));
    CHECK(!mhsmi_host_has_suffix("azure.net", azure));
    CHECK(!mhsmi_host_has_suffix("x.managedhsm.azure.net",
                                 "managedhsm.azure.net"));
    CHECK(!mhsmi_host_has_suffix("x.", "."));
    CHECK(!mhsmi_host_has_suffix("x", ""));
    CHECK(!mhsmi_host_has_suffix("", azure));
}

static void test_hosts(void)
{
    static const struct {
        const char *host;
        int loopback, link_local;
    } hosts[] = {
        {"127.0.0.1", 1, 0},
        {"127.255.0.9", 1, 0},
        {"128.0.0.1", 0, 0},
        {"localhost", 1, 0},
        {"LocalHost", 1, 0},
        {"localhost.x", 0, 0},
        {"[::1]", 1, 0},
        {"::1", 1, 0},
        {"[::2]", 0, 0},
        {"[", 0, 0},
        {"[]", 0, 0},
        {"", 0, 0},
        {"169.254.169.254", 0, 1},
        {"169.254.0.1", 0, 1},
        {"169.255.0.1", 0, 0},
        {"169.254.169.254.x", 0, 0},
        {"127.0.0.1.x", 0, 0},
        {"127.1", 0, 0},
        {"0.0.0.0", 0, 0},
        {"10.0.0.1", 0, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        CHECK(mhsmi_host_is_loopback(hosts[i].host) == hosts[i].loopback);
        CHECK(mhsmi_host_is_link_local(hosts[i].host) == hosts[i].link_local);
    }
}

static void test_escape(void)
{
    struct mhsmi_buf buf;

    mhsmi_buf_init(&buf, 40);
    CHECK(mhsmi_url_escape(&buf, "aZ09-._~ /+&=%\xc3\xa9") == 1);
    CHECK_TEXT(mhsmi_buf_text(&buf), "aZ09-._~%20%2F%2B%26%3D%25%C3%A9");
    CHECK(mhsmi_url_escape(&buf, "&&&") == 0);
    CHECK(buf.size == 32);
    CHECK(mhsmi_url_escape(&buf, "") == 1);
    mhsmi_buf_clear(&buf);
}

static int is_loaded(const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);

    if (handle != NULL)
        (void)dlclose(handle);
    return handle != NULL;
}

static void test_plain(void)
{
    CHECK(!is_loaded("libcurl.so.4"));
    good("https://h.managedhsm.azure.net", "https://h.managedhsm.azure.net", "",
         NULL);
    good("https://localhost:8443/keys/k-1", "https://localhost:8443",
         "/keys/k-1", NULL);
    good("https://h.example/keys/k/v/sign?api-version=7.6&a=b",
         "https://h.example", "/keys/k/v/sign", "api-version=7.6&a=b");
    CHECK(!is_loaded("libcurl.so.4"));
    good("https://127.0.0.1/", "https://127.0.0.1", "/", NULL);
    CHECK(is_loaded("libcurl.so.4"));
}

static void compare_part(const struct mhsmi_libcurl *curl, CURLU *handle,
                         CURLUPart part, const char *ours)
{
    char *theirs = NULL;

    CHECK(curl->url_get(handle, part, &theirs, 0) == CURLUE_OK);
    CHECK_TEXT(ours, theirs);
    curl->free(theirs);
}

/* Whatever is accepted is what libcurl would make of it: texts of pieces that
 * parsers are known to disagree on. */
static void test_agrees_with_libcurl(void)
{
    static const char *const pieces[] = {
        "h",     "a.b",    ".",          "..", "-",    ":",   ":443",
        ":0443", ":70000", "/",          "/.", "/../", "%2e", "0x7f",
        "127.1", "1",      "2130706433", "?",  "=",    "@",   "[::1]",
        "[",     "]",      "//",         "k",  "~",    "_",   "azure.net",
    };
    const struct mhsmi_libcurl *curl = mhsmi_libcurl();
    uint32_t random = 1;
    int accepted = 0, i, j;

    CHECK_FATAL(curl != NULL);
    for (i = 0; i < 200000; i++) {
        char text[128] = "https://";
        struct mhsmi_url url;
        CURLU *handle;

        for (j = 0; j < 1 + i % 6; j++) {
            random = random * 1664525 + 1013904223;
            OPENSSL_strlcat(
                text,
                pieces[(random >> 16) % (sizeof(pieces) / sizeof(pieces[0]))],
                sizeof(text));
        }
        if (!mhsmi_url_parse(&url, text))
            continue;
        accepted++;
        handle = curl->url();
        CHECK_FATAL(handle != NULL &&
                    curl->url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK);
        compare_part(curl, handle, CURLUPART_HOST, url.host);
        if (url.path[0] != 0)
            compare_part(curl, handle, CURLUPART_PATH, url.path);
        if (url.query != NULL && url.query[0] != 0)
            compare_part(curl, handle, CURLUPART_QUERY, url.query);
        if (url.port != 0) {
            char port[16];

            snprintf(port, sizeof(port), "%d", url.port);
            compare_part(curl, handle, CURLUPART_PORT, port);
        }
        curl->url_cleanup(handle);
        mhsmi_url_clear(&url);
    }
    CHECK(accepted > 1000);
}

int main(void)
{
    static const struct check checks[] = {
        {"plain", test_plain},
        {"agrees with libcurl", test_agrees_with_libcurl},
        {"parse", test_parse},
        {"malformed", test_malformed},
        {"address forms", test_address_forms},
        {"same origin", test_same_origin},
        {"suffix", test_suffix},
        {"hosts", test_hosts},
        {"escape", test_escape},
        {NULL, NULL},
    };

    return check_main("url", checks);
}
