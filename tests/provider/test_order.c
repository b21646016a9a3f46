/* SPDX-License-Identifier: MIT
 *
 * A module that is loaded must change nothing for anyone else: ordinary keys,
 * certificates and TLS come out as with the default provider alone, whether
 * the module is listed last, first, or preferred by property.
 */
#include "harness.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

/* The measure: without the module everything works. */
static void alone(void)
{
    size_t i;

    for (i = 0; th_ordinary[i].name != NULL; i++)
        TH_TRUE(th_ordinary[i].run(th_plain()), "%s", th_ordinary[i].name);
    ERR_clear_error();
}

static void with_the_module(void)
{
    struct th_context context;
    size_t i, j;
    long before = th_stats().requests;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; th_ordinary[j].name != NULL; j++) {
            TH_TRUE(th_ordinary[j].run(context.lib), "%s, module %s",
                    th_ordinary[j].name, th_order_name(orders[i]));
            TH_QUIET();
        }
        th_context_close(&context);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

/* Programs that know of no library context use the process's own, as
 * openssl.cnf sets it up: this program again, with such a file. */
static int configured(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    EVP_PKEY *key;
    size_t i;
    int bad = 0;

    for (i = 0; th_ordinary[i].name != NULL; i++) {
        if (!th_ordinary[i].run(NULL) || ERR_peek_error() != 0) {
            fprintf(stderr, "\n%s: not as with default alone\n",
                    th_ordinary[i].name);
            ERR_print_errors_fp(stderr);
            bad = 1;
        }
    }
    key = th_must_open(NULL, "mhsm:or-ec");
    if (!th_sign_and_verify(NULL, key, &scheme, "text") ||
        ERR_peek_error() != 0) {
        fputs("\nno signature by the module\n", stderr);
        ERR_print_errors_fp(stderr);
        bad = 1;
    }
    EVP_PKEY_free(key);
    th_plain_close();
    return bad;
}

static void write_configuration(const char *path, enum th_order order)
{
    static const char *const lists[] = {"default = def\nmhsm = own\n",
                                        "mhsm = own\ndefault = def\n",
                                        "default = def\nmhsm = own\n"};
    FILE *file = fopen(path, "w");

    if (file == NULL)
        th_die("cannot write %s", path);
    fprintf(file,
            "openssl_conf = init\n[init]\nproviders = list\n%s"
            "[algorithms]\ndefault_properties = ?provider=mhsm\n"
            "[list]\n%s[def]\nactivate = 1\n"
            "[own]\nmodule = %s/mhsm.so\nactivate = 1\n",
            order == TH_PREFERRED ? "alg_section = algorithms\n" : "",
            lists[order], getenv("TEST_MODULES"));
    if (fclose(file) != 0)
        th_die("cannot write %s", path);
}

static void with_the_module_by_configuration(void)
{
    char path[512], self[] = "provider_order", scenario[] = "scenarios";
    char *arguments[] = {self, scenario, NULL};
    size_t i;

    th_ec_create("or-ec", "P-256", NULL);
    snprintf(path, sizeof(path), "%s/openssl.cnf", th_state());
    setenv("OPENSSL_CONF", path, 1);
    for (i = 0; i < COUNT(orders); i++) {
        int status = -1;
        pid_t child;

        write_configuration(path, orders[i]);
        if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments,
                        environ) != 0 ||
            waitpid(child, &status, 0) != child)
            th_die("cannot start this program again");
        TH_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "module %s",
                th_order_name(orders[i]));
    }
    unsetenv("OPENSSL_CONF");
}

/* And the module's own keys work wherever it is listed. */
static void keys_of_the_module(void)
{
    struct th_context context;
    struct th_tls tls = {0};
    size_t i;
    int version;

    th_rsa_create("or-rsa", 2048, NULL);
    for (i = 0; i < 2 * COUNT(orders); i++) {
        struct th_scheme scheme;

        th_context_open(&context, orders[i / 2]);
        tls.server_lib = context.lib;
        tls.client_lib = i % 2 == 0 ? context.lib : th_plain();
        tls.key = th_must_open(context.lib,
                               i % 2 == 0 ? "mhsm:or-ec" : "mhsm:or-rsa");
        scheme = th_scheme_of(tls.key);
        TH_TRUE(th_sign_and_verify(context.lib, tls.key, &scheme, "text"),
                "module %s", th_order_name(orders[i / 2]));
        tls.certificate =
            th_certificate(context.lib, tls.key, tls.key, &scheme);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tls.certificate);
        CU_ASSERT(X509_verify(tls.certificate, tls.key) == 1);
        for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            tls.version = version;
            TH_TRUE(th_handshake(&tls), "module %s, version %x",
                    th_order_name(orders[i / 2]), (unsigned int)version);
        }
        TH_QUIET();
        X509_free(tls.certificate);
        EVP_PKEY_free(tls.key);
        th_context_close(&context);
    }
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"the default provider alone", alone},
        {"with the module", with_the_module},
        {"with the module, by openssl.cnf", with_the_module_by_configuration},
        {"keys of the module", keys_of_the_module},
        CU_TEST_INFO_NULL,
    };

    if (argc == 2 && strcmp(argv[1], "scenarios") == 0)
        return configured();
    return th_main("provider: order", tests);
}
