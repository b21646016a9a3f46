/* SPDX-License-Identifier: MIT
 *
 * Key URIs: every form, every refusal, and the hosts that may get a token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "check.h"
#include "keys/uri.h"
#include "mhsm/mhsm.h"

#define V "0123456789abcdef0123456789abcdef"

static mhsm_client *client_with(const char *endpoint, const char *allowed)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;

    CHECK_FATAL(config != NULL);
    if (endpoint != NULL)
        CHECK_FATAL(mhsm_config_set(config, "endpoint", endpoint,
                                    MHSM_ORIGIN_FILE, NULL) == MHSM_OK);
    if (allowed != NULL)
        CHECK_FATAL(mhsm_config_set(config, "allowed-hosts", allowed,
                                    MHSM_ORIGIN_FILE, NULL) == MHSM_OK);
    CHECK_FATAL(mhsm_client_new(config, &client, NULL) == MHSM_OK);
    mhsm_config_free(config);
    return client;
}

/* `text` NULL: refused with `status`. */
static const struct {
    const char *uri, *text;
    mhsm_status status;
} parses[] = {
    {"mhsm:", "mhsm://localhost:8443", MHSM_OK},
    {"mhsm:k", "mhsm://localhost:8443/keys/k", MHSM_OK},
    {"MHSM:k", "mhsm://localhost:8443/keys/k", MHSM_OK},
    {"mhsm:k/" V, "mhsm://localhost:8443/keys/k/" V, MHSM_OK},
    {"mhsm:k?version=" V, "mhsm://localhost:8443/keys/k/" V, MHSM_OK},
    {"mhsm:k/0123456789ABCDEF0123456789abcdef",
     "mhsm://localhost:8443/keys/k/" V, MHSM_OK},
    {"mhsm://a.managedhsm.azure.net/keys/Key-1",
     "mhsm://a.managedhsm.azure.net/keys/Key-1", MHSM_OK},
    {"mhsm://A.ManagedHSM.azure.net:443/keys/k",
     "mhsm://a.managedhsm.azure.net/keys/k", MHSM_OK},
    {"https://a.vault.azure.cn/keys/k/" V, "mhsm://a.vault.azure.cn/keys/k/" V,
     MHSM_OK},
    {"https://eu.a.managedhsm.usgovcloudapi.net",
     "mhsm://eu.a.managedhsm.usgovcloudapi.net", MHSM_OK},
    {"mhsm://a.managedhsm.azure.net/", "mhsm://a.managedhsm.azure.net",
     MHSM_OK},
    {"mhsm://localhost:8443/keys/k", "mhsm://localhost:8443/keys/k", MHSM_OK},
    {"managedhsm:hsm1:k", "mhsm://hsm1.managedhsm.azure.net/keys/k", MHSM_OK},
    {"managedhsm:hsm1:k:" V, "mhsm://hsm1.managedhsm.azure.net/keys/k/" V,
     MHSM_OK},
    {"managedhsm:hsm1:k?version=" V,
     "mhsm://hsm1.managedhsm.azure.net/keys/k/" V, MHSM_OK},
    {"managedhsm:a.managedhsm.azure.cn:k",
     "mhsm://a.managedhsm.azure.cn/keys/k", MHSM_OK},
    {"mhsm://other.example:9443/keys/k", "mhsm://other.example:9443/keys/k",
     MHSM_OK},
    {"mhsm://x.inner.example/keys/k", "mhsm://x.inner.example/keys/k", MHSM_OK},
    {"", NULL, MHSM_ERR_URI},
    {"k", NULL, MHSM_ERR_URI},
    {"file:k", NULL, MHSM_ERR_URI},
    {"mhsm:k/", NULL, MHSM_ERR_URI},
    {"mhsm:/k", NULL, MHSM_ERR_URI},
    {"mhsm:k/123", NULL, MHSM_ERR_URI},
    {"mhsm:k/" V "0", NULL, MHSM_ERR_URI},
    {"mhsm:k/" V "/sign", NULL, MHSM_ERR_URI},
    {"mhsm:k_1", NULL, MHSM_ERR_URI},
    {"mhsm:k%31", NULL, MHSM_ERR_URI},
    {"mhsm:k#x", NULL, MHSM_ERR_URI},
    {"mhsm:k ", NULL, MHSM_ERR_URI},
    {"mhsm:k?x=1", NULL, MHSM_ERR_URI},
    {"mhsm:k?version=", NULL, MHSM_ERR_URI},
    {"mhsm:k?version=" V "&x=1", NULL, MHSM_ERR_URI},
    {"mhsm:k/" V "?version=" V, NULL, MHSM_ERR_URI},
    {"mhsm:?version=" V, NULL, MHSM_ERR_URI},
    {"mhsm://", NULL, MHSM_ERR_URI},
    {"mhsm:///keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net/secrets/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net/keys", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net/keys/", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net//keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net/keys/../keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://u@a.managedhsm.azure.net/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://u:p@a.managedhsm.azure.net/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net:8443/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://managedhsm.azure.net/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://evilmanagedhsm.azure.net/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net.evil.example/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://a.managedhsm.azure.net\\@evil.example/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://evil.example/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://localhost/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://localhost:8444/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://127.0.0.1:8443/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://[::1]:8443/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://other.example/keys/k", NULL, MHSM_ERR_URI},
    {"mhsm://inner.example/keys/k", NULL, MHSM_ERR_URI},
    {"http://a.managedhsm.azure.net/keys/k", NULL, MHSM_ERR_URI},
    {"managedhsm:k", NULL, MHSM_ERR_URI},
    {"managedhsm::k", NULL, MHSM_ERR_URI},
    {"managedhsm:h:", NULL, MHSM_ERR_URI},
    {"managedhsm:h:k:v:w", NULL, MHSM_ERR_URI},
    {"managedhsm:h/x:k", NULL, MHSM_ERR_URI},
    {"managedhsm:h:k/" V, NULL, MHSM_ERR_URI},
    {"mhsm:\xc3\xa9", NULL, MHSM_ERR_URI},
};

static void parsing(void)
{
    mhsm_client *client = client_with("https://localhost:8443",
                                      "other.example:9443, .inner.example");
    size_t i;

    for (i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
        mhsm_error *err = NULL;
        mhsm_uri *uri = NULL;
        mhsm_status st = mhsm_uri_parse(client, parses[i].uri, &uri, &err);

        if (st != parses[i].status)
            printf("\n  %s: %s\n", parses[i].uri, mhsm_error_text(err));
        CHECK(st == parses[i].status);
        CHECK((uri != NULL) == (st == MHSM_OK));
        if (uri != NULL) {
            mhsm_uri *again = NULL;

            CHECK_TEXT(mhsm_uri_text(uri), parses[i].text);
            /* The canonical text means the same. */
            CHECK(mhsm_uri_parse(client, mhsm_uri_text(uri), &again, NULL) ==
                  MHSM_OK);
            CHECK_FATAL(again != NULL);
            CHECK_TEXT(mhsm_uri_endpoint(again), mhsm_uri_endpoint(uri));
            mhsm_uri_free(again);
        } else {
            CHECK(mhsm_error_message(err)[0] != '\0');
        }
        mhsm_uri_free(uri);
        mhsm_error_free(&err);
    }
    mhsm_client_free(client);
}

static void long_input(void)
{
    mhsm_client *client = client_with("contoso", NULL);
    char text[4096] = "mhsm:", name[200];
    mhsm_uri *uri = NULL;

    memset(text + 5, 'a', sizeof(text) - 6);
    CHECK(mhsm_uri_parse(client, text, &uri, NULL) == MHSM_ERR_URI);
    text[5 + 128] = '\0';
    CHECK(mhsm_uri_parse(client, text, &uri, NULL) == MHSM_ERR_URI);
    text[5 + 127] = '\0';
    CHECK(mhsm_uri_parse(client, text, &uri, NULL) == MHSM_OK);
    CHECK_FATAL(uri != NULL);
    CHECK(strlen(mhsm_uri_name(uri)) == 127);
    CHECK(mhsm_uri_version(uri) == NULL);
    CHECK_TEXT(mhsm_uri_endpoint(uri), "https://contoso.managedhsm.azure.net");
    mhsm_uri_free(uri);
    memset(name, 'a', sizeof(name));
    name[199] = '\0';
    uri = NULL;
    CHECK(mhsm_uri_new(client, NULL, name, NULL, &uri, NULL) == MHSM_ERR_URI);
    CHECK(uri == NULL);
    mhsm_client_free(client);
}

static void making(void)
{
    mhsm_client *client = client_with(NULL, NULL);
    mhsm_uri *uri = NULL, *copy;

    CHECK(mhsm_uri_parse(client, "mhsm:k", &uri, NULL) == MHSM_ERR_CONFIG);
    CHECK(mhsm_uri_new(client, NULL, "k", NULL, &uri, NULL) == MHSM_ERR_CONFIG);
    CHECK(mhsm_uri_new(client, "a.example", "k", NULL, &uri, NULL) ==
          MHSM_ERR_URI);
    CHECK(mhsm_uri_new(client, "http://h1.managedhsm.azure.net", "k", NULL,
                       &uri, NULL) == MHSM_ERR_URI);
    CHECK(mhsm_uri_new(client, "h1", NULL, V, &uri, NULL) == MHSM_ERR_URI);
    CHECK(mhsm_uri_new(client, "h1", "k", "x", &uri, NULL) == MHSM_ERR_URI);
    CHECK(mhsm_uri_new(NULL, "h1", "k", NULL, &uri, NULL) == MHSM_ERR_ARGUMENT);
    CHECK(uri == NULL);
    CHECK(mhsm_uri_new(client, "h1", "k", V, &uri, NULL) == MHSM_OK);
    CHECK_FATAL(uri != NULL);
    CHECK_TEXT(mhsm_uri_version(uri), V);
    CHECK_TEXT(mhsm_uri_name(uri), "k");
    copy = mhsmi_uri_copy(uri);
    CHECK_FATAL(copy != NULL);
    CHECK_TEXT(mhsm_uri_text(copy), mhsm_uri_text(uri));
    mhsm_uri_free(copy);
    mhsm_uri_free(uri);
    mhsm_uri_free(NULL);
    mhsm_client_free(client);
}

static const struct {
    const char *id;
    int ok;
} ids[] = {
    {"https://h.managedhsm.azure.net/keys/k/" V, 1},
    {"https://h.managedhsm.azure.net:443/keys/k/" V, 1},
    {"https://h.managedhsm.azure.net/keys/k", 1},
    /* Another name of the same HSM, for all that a client can know. */
    {"https://westeurope.h.managedhsm.azure.net/keys/k/" V, 1},
    {"https://h.vault.azure.net:443/keys/k/" V, 1},
    {"https://h.vault.azure.net:8443/keys/k/" V, 0},
    {"https://h.vault.azure.net.example/keys/k/" V, 0},
    {"https://localhost/keys/k/" V, 0},
    {"http://h.vault.azure.net/keys/k/" V, 0},
    {"http://h.managedhsm.azure.net/keys/k/" V, 0},
    {"https://h.managedhsm.azure.net/keys/k/" V "?x=1", 0},
    {"https://h.managedhsm.azure.net/keys/k/" V "#x", 0},
    {"https://h.managedhsm.azure.net/keys/k/1", 0},
    {"https://h.managedhsm.azure.net/keys/./k/" V, 0},
    {"https://h.managedhsm.azure.net/deletedkeys/k", 0},
    {"/keys/k/" V, 0},
    {"", 0},
};

static void key_ids(void)
{
    size_t i;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char *name = NULL, *version = NULL;
        int ok = mhsmi_key_id_split(ids[i].id, "https://h.managedhsm.azure.net",
                                    "keys", &name, &version);

        CHECK(ok == ids[i].ok);
        CHECK((name != NULL) == ok);
        mhsmi_free(name);
        mhsmi_free(version);
    }
}

static void host_lists(void)
{
    CHECK(mhsmi_host_in_list("a.example", "a.example", 0));
    CHECK(mhsmi_host_in_list("a.example", "A.example", 8443));
    CHECK(mhsmi_host_in_list("x, .example:443", "b.example", 0));
    CHECK(!mhsmi_host_in_list(".example:443", "b.example", 8443));
    CHECK(!mhsmi_host_in_list(".example", "example", 0));
    CHECK(!mhsmi_host_in_list(".0.1", "127.0.0.1", 0));
    CHECK(mhsmi_host_in_list("127.0.0.1:8443", "127.0.0.1", 8443));
    CHECK(mhsmi_host_in_list("[::1]:8443", "[::1]", 8443));
    CHECK(!mhsmi_host_in_list("[::1]:8443", "[::1]", 0));
    CHECK(!mhsmi_host_list_check("a:0"));
    CHECK(!mhsmi_host_list_check("a:x"));
    CHECK(!mhsmi_host_list_check("[::1"));
    CHECK(!mhsmi_host_list_check("."));
    CHECK(mhsmi_endpoint_resource("managedhsm.azure.net") == NULL);
    CHECK_TEXT(mhsmi_endpoint_resource("a.b.managedhsm.azure.net"),
               "https://managedhsm.azure.net");
}

/* Each cloud has its resource and its authority. */
static void clouds(void)
{
    static const struct {
        const char *host, *resource, *authority;
    } rows[] = {
        {"a.managedhsm.azure.net", "https://managedhsm.azure.net",
         "https://login.microsoftonline.com"},
        {"a.managedhsm.usgovcloudapi.net",
         "https://managedhsm.usgovcloudapi.net",
         "https://login.microsoftonline.us"},
        {"a.managedhsm.azure.cn", "https://managedhsm.azure.cn",
         "https://login.chinacloudapi.cn"},
        {"a.vault.azure.net", "https://vault.azure.net",
         "https://login.microsoftonline.com"},
        {"a.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net",
         "https://login.microsoftonline.us"},
        {"a.vault.azure.cn", "https://vault.azure.cn",
         "https://login.chinacloudapi.cn"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_TEXT(mhsmi_endpoint_resource(rows[i].host), rows[i].resource);
        CHECK_TEXT(mhsmi_endpoint_authority(rows[i].resource),
                   rows[i].authority);
    }
    /* Nothing that only looks like one of them leads anywhere else. */
    CHECK_TEXT(mhsmi_endpoint_authority("https://evilmanagedhsm.azure.cn"),
               "https://login.microsoftonline.com");
    CHECK_TEXT(mhsmi_endpoint_authority("https://hsm.example"),
               "https://login.microsoftonline.com");
}

int main(void)
{
    static const struct check checks[] = {
        {"parsing", parsing}, {"long_input", long_input}, {"making", making},
        {"key_ids", key_ids}, {"host_lists", host_lists}, {"clouds", clouds},
        {NULL, NULL},
    };

    return check_main("uri", checks);
}
