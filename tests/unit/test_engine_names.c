/* SPDX-License-Identifier: MIT
 *
 * Names that change their meaning, and hosts with several addresses of both
 * families, some of them dead.
 */
#include "http/engine.h"

#include <netdb.h>

#include "life.h"

/* The same server at other addresses. */
static struct loopback other, six;

/* What the name means now: up to three addresses. */
static const char *const *addresses;
static atomic_int look_ups;

/* In place of the C library's. */
MHSM_API int getaddrinfo(const char *node, const char *service,
                         const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo *first = NULL, **end = &first;
    size_t i;

    (void)hints;
    atomic_fetch_add(&look_ups, 1);
    if (strcmp(node, "hsm.test") != 0)
        return EAI_NONAME;
    for (i = 0; addresses[i] != NULL; i++) {
        struct {
            struct addrinfo info;
            struct sockaddr_in6 address;
        } *one = calloc(1, sizeof(*one));
        struct sockaddr_in *v4 = (void *)&one->address;

        CHECK_FATAL(one != NULL);
        one->info.ai_socktype = SOCK_STREAM;
        one->info.ai_addr = (void *)&one->address;
        if (inet_pton(AF_INET, addresses[i], &v4->sin_addr) == 1) {
            one->info.ai_family = v4->sin_family = AF_INET;
            one->info.ai_addrlen = sizeof(*v4);
            v4->sin_port = htons((uint16_t)strtol(service, NULL, 10));
        } else {
            CHECK_FATAL(inet_pton(AF_INET6, addresses[i],
                                  &one->address.sin6_addr) == 1);
            one->info.ai_family = one->address.sin6_family = AF_INET6;
            one->info.ai_addrlen = sizeof(one->address);
            one->address.sin6_port = htons((uint16_t)strtol(service, NULL, 10));
        }
        *end = &one->info;
        end = &one->info.ai_next;
    }
    *found = first;
    return 0;
}

MHSM_API void freeaddrinfo(struct addrinfo *list)
{
    struct addrinfo *next;

    for (; list != NULL; list = next) {
        next = list->ai_next;
        free(list);
    }
}

static void mean(const char *const *wanted)
{
    addresses = wanted;
    /* Longer than a name is kept. */
    loopback_nap(5200);
}

/* A name that moves is followed, once its connection is too old; and at once
 * when the old address is gone. */
static void test_moving(void)
{
    static const char *const first[] = {"127.0.0.1", NULL};
    static const char *const second[] = {"127.0.0.2", NULL};
    int opened = 0, before;

    transport.max_connection_age_s = 4;
    addresses = first;
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 0);
    CHECK(atomic_load(&other.connections) == 0);
    mean(second);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&other.connections) == 1);
    transport.max_connection_age_s = 600;
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 0);
    mean(first);
    /* Still the same connection; then it is closed. */
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 0);
    before = atomic_load(&tls.connections);
    loopback_drop(&other);
    loopback_nap(50);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&tls.connections) == before + 1);
}

/* Nobody listens at 127.0.0.3. */
static void test_dead_addresses(void)
{
    static const char *const some[] = {"127.0.0.3", "127.0.0.2", NULL};
    static const char *const all[] = {"127.0.0.3", "127.0.0.4", NULL};
    int opened = 0, before = atomic_load(&other.connections);

    loopback_drop(&tls);
    loopback_drop(&other);
    mean(some);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&other.connections) == before + 1);
    loopback_drop(&other);
    mean(all);
    CHECK(request("/ok", 5000, &opened) == MHSM_ERR_CONNECT);
}

/* IPv6 first, as the system says; without it IPv4 in a moment. */
static void test_families(void)
{
    static const char *const both[] = {"::1", "127.0.0.1", NULL};
    int64_t began;
    int opened = 0, before;

    mean(both);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&six.connections) == 1);
    before = atomic_load(&tls.connections);
    loopback_stop(&six);
    began = mhsmi_clock_ms();
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&tls.connections) == before + 1);
    CHECK(mhsmi_clock_ms() - began < 2000);
}

static void test_literal(void)
{
    int opened = 0, before;

    CHECK_FATAL(loopback_start_twin(&six, &tls, "::1"));
    before = atomic_load(&look_ups);
    (void)snprintf(url, sizeof(url), "https://[::1]:%d", tls.port);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 1);
    CHECK(atomic_load(&six.connections) == 1);
    CHECK(atomic_load(&look_ups) == before ||
          atomic_load(&look_ups) == before + 1);
}

int main(void)
{
    static const struct check checks[] = {
        {"moving", test_moving},
        {"dead addresses", test_dead_addresses},
        {"families", test_families},
        {"literal", test_literal},
        {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "DNS:hsm.test,IP:::1") ||
        !loopback_start_twin(&other, &tls, "127.0.0.2")) {
        (void)fprintf(stderr, "no server at 127.0.0.1 and 127.0.0.2\n");
        return 1;
    }
    if (!loopback_start_twin(&six, &tls, "::1")) {
        (void)fprintf(stderr, "no server at ::1: is IPv6 off here?\n");
        return 1;
    }
    (void)snprintf(url, sizeof(url), "https://hsm.test:%d", tls.port);
    transport.ca_file = tls.ca_path;
    bad = check_main("engine names", checks);
    loopback_stop(&six);
    loopback_stop(&other);
    loopback_stop(&tls);
    return bad;
}
