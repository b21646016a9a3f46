/* SPDX-License-Identifier: MIT
 *
 * A module that is loaded must change nothing for anyone else: ordinary keys,
 * certificates and TLS come out as with the default provider alone, whether
 * the module is listed last, first, or preferred by property.
 */
#include "ordinary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FOLDER       "TEST_ORDINARY"

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

/* Ways of giving the module to a process, each beside what it must equal: the
 * default provider alone, given the same way. */
enum { ALONE = TH_PREFERRED + 1, ORDERS };

static const char *const places[ORDERS] = {"last", "first", "preferred",
                                           "alone"};
static const char *const ways[] = {"context", "configuration"};

/* The scenario: all cases in one process, its transcripts in the folder that
 * the scenario names.  Whoever uses no key of the HSM gets no thread and no
 * connection. */
static int run_scenario(const char *name, const char *folder)
{
    struct th_context context = {0};
    char keys[512], out[512];
    int good, before;
    size_t i;

    snprintf(keys, sizeof(keys), "%s/keys", folder);
    snprintf(out, sizeof(out), "%s/%s", folder, name);
    ord_keys_use(keys);
    for (i = 0; i < ORDERS; i++) {
        if (strncmp(name, places[i], strlen(places[i])) == 0)
            break;
    }
    if (strstr(name, ways[1]) == NULL && i < ALONE)
        th_context_open(&context, (enum th_order)i);
    else if (i == ALONE && strstr(name, ways[1]) == NULL)
        context.lib = th_plain();
    before = th_descriptors();
    good = ord_run(context.lib, out);
    if (th_io_threads() != 0 || th_descriptors() != before) {
        fprintf(stderr, "\n%s: %d threads of the module, %d descriptors more\n",
                name, th_io_threads(), th_descriptors() - before);
        good = 0;
    }
    if (strstr(name, ways[1]) == NULL && i < ALONE)
        th_context_close(&context);
    th_plain_close();
    return good ? 0 : 1;
}

/* Programs that know of no library context use the process's own, as
 * openssl.cnf sets it up. */
static void write_configuration(const char *path, int place)
{
    static const char *const lists[ORDERS] = {
        "default = def\nmhsm = own\n", "mhsm = own\ndefault = def\n",
        "default = def\nmhsm = own\n", "default = def\n"};
    FILE *file = fopen(path, "w");

    if (file == NULL)
        th_die("cannot write %s", path);
    fprintf(file,
            "openssl_conf = init\n[init]\nproviders = list\n%s"
            "[algorithms]\ndefault_properties = ?provider=mhsm\n"
            "[list]\n%s[def]\nactivate = 1\n"
            "[own]\nmodule = %s/mhsm.so\nactivate = 1\n",
            place == TH_PREFERRED ? "alg_section = algorithms\n" : "",
            lists[place], getenv("TEST_MODULES"));
    if (fclose(file) != 0)
        th_die("cannot write %s", path);
}

static void ordinary_things(void)
{
    char folder[512], path[600], out[600], alone[600], scenario[64];
    long before = th_stats().requests, cases = 0, octets = 0;
    size_t way;
    int place;

    snprintf(folder, sizeof(folder), "%s/ordinary", th_state());
    if (mkdir(folder, 0700) != 0)
        th_die("cannot make %s", folder);
    snprintf(path, sizeof(path), "%s/keys", folder);
    ord_keys_make(path);
    setenv(FOLDER, folder, 1);
    for (way = 0; way < COUNT(ways); way++) {
        for (place = ALONE; place >= 0; place--) {
            if (way == 1) {
                snprintf(path, sizeof(path), "%s/openssl.cnf", folder);
                write_configuration(path, place);
                setenv("OPENSSL_CONF", path, 1);
            }
            snprintf(scenario, sizeof(scenario), "%s by %s", places[place],
                     ways[way]);
            TH_TRUE(th_again(scenario).code == 0, "%s", scenario);
            snprintf(out, sizeof(out), "%s/%s", folder, scenario);
            if (place == ALONE)
                snprintf(alone, sizeof(alone), "%s", out);
            else
                TH_TRUE(ord_compare(alone, out, &cases, &octets) == 0,
                        "%s: not as with default alone", scenario);
        }
        unsetenv("OPENSSL_CONF");
    }
    unsetenv(FOLDER);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    printf("%ld transcripts of %ld octets compared\n", cases, octets);
}

/* And the module's own keys work wherever it is listed. */
static void keys_of_the_module(void)
{
    struct th_context context;
    struct th_tls tls = {0};
    size_t i;
    int version;

    th_ec_create("or-ec", "P-256", NULL);
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
        {"ordinary things", ordinary_things},
        {"keys of the module", keys_of_the_module},
        CU_TEST_INFO_NULL,
    };

    if (argc == 2)
        return run_scenario(argv[1], getenv(FOLDER));
    return th_main("provider: order", tests);
}
