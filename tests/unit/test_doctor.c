/* SPDX-License-Identifier: MIT
 *
 * The doctor's judgement of addresses, names and proxies.
 */
#include "doctor/address.h"
#include "doctor/proxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "check.h"

static unsigned int kind(const char *text)
{
    struct sockaddr_storage storage;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    memset(&storage, 0, sizeof(storage));
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&storage, &v4, sizeof(v4));
    } else {
        CHECK_FATAL(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
        memcpy(&storage, &v6, sizeof(v6));
    }
    return doctor_address_kind((const struct sockaddr *)&storage);
}

static void test_kinds(void)
{
    static const struct {
        const char *text;
        unsigned int kind;
    } rows[] = {
        {"0.0.0.0", DOCTOR_NOWHERE},
        {"0.255.255.255", DOCTOR_NOWHERE},
        {"1.0.0.0", DOCTOR_PUBLIC},
        {"9.255.255.255", DOCTOR_PUBLIC},
        {"10.0.0.0", DOCTOR_PRIVATE},
        {"10.255.255.255", DOCTOR_PRIVATE},
        {"11.0.0.0", DOCTOR_PUBLIC},
        {"100.63.255.255", DOCTOR_PUBLIC},
        {"100.64.0.0", DOCTOR_PRIVATE},
        {"100.127.255.255", DOCTOR_PRIVATE},
        {"100.128.0.0", DOCTOR_PUBLIC},
        {"127.0.0.1", DOCTOR_LOOPBACK},
        {"127.255.255.255", DOCTOR_LOOPBACK},
        {"128.0.0.0", DOCTOR_PUBLIC},
        {"168.63.129.16", DOCTOR_PUBLIC},
        {"169.253.255.255", DOCTOR_PUBLIC},
        {"169.254.169.254", DOCTOR_LINK_LOCAL},
        {"172.15.255.255", DOCTOR_PUBLIC},
        {"172.16.0.0", DOCTOR_PRIVATE},
        {"172.31.255.255", DOCTOR_PRIVATE},
        {"172.32.0.0", DOCTOR_PUBLIC},
        {"192.0.2.1", DOCTOR_NOWHERE},
        {"192.167.255.255", DOCTOR_PUBLIC},
        {"192.168.0.0", DOCTOR_PRIVATE},
        {"192.169.0.0", DOCTOR_PUBLIC},
        {"223.255.255.255", DOCTOR_PUBLIC},
        {"224.0.0.1", DOCTOR_NOWHERE},
        {"255.255.255.255", DOCTOR_NOWHERE},
        {"::", DOCTOR_NOWHERE},
        {"::1", DOCTOR_LOOPBACK},
        {"::ffff:10.0.0.1", DOCTOR_PRIVATE},
        {"::ffff:20.0.0.1", DOCTOR_PUBLIC},
        {"2603:1030::1", DOCTOR_PUBLIC},
        {"2001:db8::1", DOCTOR_NOWHERE},
        {"fbff::1", DOCTOR_PUBLIC},
        {"fc00::1", DOCTOR_PRIVATE},
        {"fdff::1", DOCTOR_PRIVATE},
        {"fe80::1", DOCTOR_LINK_LOCAL},
        {"febf::1", DOCTOR_LINK_LOCAL},
        {"ff02::1", DOCTOR_NOWHERE},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(kind(rows[i].text) == rows[i].kind);
    CHECK_TEXT(doctor_kind_name(DOCTOR_PUBLIC), "public");
    CHECK_TEXT(doctor_kind_name(DOCTOR_NOWHERE), "not routable");
}

static void test_meanings(void)
{
    static const struct {
        struct doctor_name name;
        enum doctor_mark mark;
        const char *means;
    } rows[] = {
        {{DOCTOR_NAME_FOUND, DOCTOR_PUBLIC, 0, 1},
         DOCTOR_OK,
         "the public endpoint"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PUBLIC, 1, 1},
         DOCTOR_WARN,
         "has a private endpoint, but"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PRIVATE, 1, 1},
         DOCTOR_OK,
         "the private endpoint"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PRIVATE, 0, 1}, DOCTOR_OK, "hosts file"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PRIVATE, 0, 0},
         DOCTOR_OK,
         "the local network"},
        {{DOCTOR_NAME_FOUND, DOCTOR_LOOPBACK, 0, 1},
         DOCTOR_WARN,
         "this machine itself"},
        {{DOCTOR_NAME_FOUND, DOCTOR_LOOPBACK, 0, 0},
         DOCTOR_OK,
         "this machine itself"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PUBLIC | DOCTOR_PRIVATE, 1, 1},
         DOCTOR_WARN,
         "public and private"},
        {{DOCTOR_NAME_FOUND, DOCTOR_NOWHERE, 0, 1}, DOCTOR_FAIL, "DNS filter"},
        {{DOCTOR_NAME_FOUND, DOCTOR_PUBLIC | DOCTOR_NOWHERE, 0, 1},
         DOCTOR_FAIL,
         "DNS filter"},
        {{DOCTOR_NAME_NONE, 0, 1, 1}, DOCTOR_FAIL, "no record of this HSM"},
        {{DOCTOR_NAME_NONE, 0, 0, 1}, DOCTOR_FAIL, "no HSM of this name"},
        {{DOCTOR_NAME_NONE, 0, 0, 0}, DOCTOR_FAIL, "knows no such name"},
        {{DOCTOR_NAME_EMPTY, 0, 1, 1}, DOCTOR_FAIL, "has no address"},
        {{DOCTOR_NAME_EMPTY, 0, 0, 1}, DOCTOR_FAIL, "has no address"},
        {{DOCTOR_NAME_SILENT, 0, 0, 1}, DOCTOR_FAIL, "no DNS server"},
        {{DOCTOR_NAME_SILENT, 0, 1, 0}, DOCTOR_FAIL, "no DNS server"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct doctor_meaning *meaning =
            doctor_name_meaning(&rows[i].name);

        CHECK(meaning->mark == rows[i].mark);
        CHECK(meaning->means != NULL &&
              strstr(meaning->means, rows[i].means) != NULL);
        CHECK(meaning->mark == DOCTOR_OK || meaning->next != NULL);
    }
}

static void test_places(void)
{
    static const struct {
        const char *url, *place; /* NULL: malformed */
    } rows[] = {
        {"http://proxy:3128", "proxy:3128"},
        {"http://proxy:3128/", "proxy:3128"},
        {"proxy:3128", "proxy:3128"},
        {"proxy", "proxy:1080"},
        {"http://user:pass@proxy:3128", "proxy:3128"},
        {"http://user:p@ss@proxy", "proxy:1080"},
        {"http://[::1]:3128", "[::1]:3128"},
        {"http://[::1]", "[::1]:1080"},
        {"http://", NULL},
        {"http://user@", NULL},
        {"http://proxy:", NULL},
        {"http://:3128", NULL},
        {"http://proxy:abc", NULL},
        {"http://proxy:123456", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *place = doctor_proxy_place(rows[i].url);

        CHECK((place == NULL) == (rows[i].place == NULL));
        if (place != NULL && rows[i].place != NULL)
            CHECK_TEXT(place, rows[i].place);
        mhsmi_free(place);
    }
}

static void test_exempt(void)
{
    static const char host[] = "contoso.managedhsm.azure.net";

    CHECK(doctor_proxy_exempt("*", host) == 1);
    CHECK(doctor_proxy_exempt(host, host) == 1);
    CHECK(doctor_proxy_exempt("localhost, .azure.net", host) == 1);
    CHECK(doctor_proxy_exempt("localhost managedhsm.Azure.net", host) == 1);
    CHECK(doctor_proxy_exempt("hsm.azure.net", host) == 0);
    CHECK(doctor_proxy_exempt("x.contoso.managedhsm.azure.net", host) == 0);
    CHECK(doctor_proxy_exempt("", host) == 0);
    CHECK(doctor_proxy_exempt(", ,", host) == 0);
    CHECK(doctor_proxy_exempt(NULL, host) == 0);
}

int main(void)
{
    static const struct check checks[] = {{"kinds", test_kinds},
                                          {"meanings", test_meanings},
                                          {"places", test_places},
                                          {"exempt", test_exempt},
                                          {NULL, NULL}};

    return check_main("doctor", checks);
}
