/* SPDX-License-Identifier: MIT
 *
 * Transports are the same when all that says how a host is reached is the
 * same, wherever the texts lie.
 */
#include "http/transport.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static const struct mhsmi_transport whole = {
    .ca_file = "/ca.pem",
    .ca_pem = "-----BEGIN CERTIFICATE-----",
    .connect_to = "::127.0.0.1:443",
    .proxy = "http://proxy:3128",
    .no_proxy = "localhost",
    .thumbprint = "0123456789abcdef0123456789abcdef01234567",
    .connect_timeout_ms = 1,
    .max_connections = 2,
    .max_connection_age_s = 3,
    .idle_timeout_s = 4,
    .user_agent = "mhsm-test/1",
    .groups = "X25519",
    .http1_only = 1,
};

static void test_texts(void)
{
    struct mhsmi_transport other;
    size_t i, j;

    for (i = 0; i < mhsmi_transport_texts; i++) {
        /* Each is another member. */
        CHECK_FATAL(mhsmi_transport_text(&whole, i) != NULL);
        for (j = 0; j < i; j++)
            CHECK(strcmp(mhsmi_transport_text(&whole, i),
                         mhsmi_transport_text(&whole, j)) != 0);
        other = whole;
        mhsmi_transport_set_text(&other, i, "another");
        CHECK_TEXT(mhsmi_transport_text(&other, i), "another");
        CHECK(!mhsmi_transport_equal(&whole, &other));
        CHECK(!mhsmi_transport_equal(&other, &whole));
        mhsmi_transport_set_text(&other, i, NULL);
        CHECK(!mhsmi_transport_equal(&whole, &other));
        CHECK(!mhsmi_transport_equal(&other, &whole));
        /* None is not the same as an empty one: no proxy at all. */
        mhsmi_transport_set_text(&other, i, "");
        CHECK(!mhsmi_transport_equal(&whole, &other));
        mhsmi_transport_set_text(&other, i, mhsmi_transport_text(&whole, i));
        CHECK(mhsmi_transport_equal(&whole, &other));
    }
}

static void test_empty(void)
{
    struct mhsmi_transport none = {0}, empty = {.proxy = ""};

    CHECK(mhsmi_transport_equal(&none, &none));
    CHECK(!mhsmi_transport_equal(&none, &empty));
    CHECK(!mhsmi_transport_equal(&empty, &none));
}

static void test_numbers(void)
{
    struct mhsmi_transport other = whole;
    int *numbers[] = {
        &other.connect_timeout_ms,   &other.max_connections,
        &other.max_connection_age_s, &other.idle_timeout_s,
        &other.http1_only,
    };
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ++*numbers[i];
        CHECK(!mhsmi_transport_equal(&whole, &other));
        --*numbers[i];
    }
    CHECK(mhsmi_transport_equal(&whole, &other));
    /* It reaches no other host, nor in another way. */
    other.user_agent = "another/2";
    CHECK(mhsmi_transport_equal(&whole, &other));
}

static void test_copy(void)
{
    char texts[mhsmi_transport_texts][64];
    struct mhsmi_transport from = whole, to;
    char *block = NULL;
    size_t i;

    /* Nothing of it points to what it was made of. */
    for (i = 0; i < mhsmi_transport_texts; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%s",
                       mhsmi_transport_text(&whole, i));
        mhsmi_transport_set_text(&from, i, texts[i]);
    }
    CHECK_FATAL(mhsmi_transport_copy(&to, &block, &from));
    memset(texts, 'x', sizeof(texts));
    CHECK(mhsmi_transport_equal(&to, &whole));
    CHECK(to.user_agent == NULL);
    mhsmi_free(block);
    /* No text at all. */
    from = (struct mhsmi_transport){.max_connections = 7};
    CHECK_FATAL(mhsmi_transport_copy(&to, &block, &from));
    CHECK(mhsmi_transport_equal(&to, &from));
    mhsmi_free(block);
}

int main(void)
{
    static const struct check checks[] = {
        {"texts", test_texts}, {"empty", test_empty}, {"numbers", test_numbers},
        {"copy", test_copy},   {NULL, NULL},
    };

    return check_main("transport", checks);
}
