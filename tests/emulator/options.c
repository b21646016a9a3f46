/* SPDX-License-Identifier: MIT
 *
 * One table declares every option; parser and help come from it. A wrong
 * option is refused by name, never skipped.
 */
#include "options.h"

#include "arm.h"
#include "faults.h"
#include "router.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option {
    const char *name;
    const char *value; /* its name in the help; NULL: takes none */
    size_t offset;
    int64_t min;
    int64_t max;
    const char *help;
};

#define TEXT(name, value, field, help)                                         \
    {                                                                          \
        name, value, offsetof(struct emu_options, field), 0, 0, help           \
    }
#define NUMBER(name, value, field, max, help)                                  \
    {                                                                          \
        name, value, offsetof(struct emu_options, field), 0, max, help         \
    }

#define FLAG(name, field, help)                                                \
    {                                                                          \
        name, NULL, offsetof(struct emu_options, field), 0, 0, help            \
    }

static const struct option table[] = {
    TEXT("--state", "DIR", state, "folder of all state; made when missing"),
    NUMBER("--port", "N", port, 65535, "service port; 0 is any (default)"),
    NUMBER("--control-port", "N", control_port, 65535,
           "control port, plain HTTP for tests"),
    NUMBER("--imds-port", "N", imds_port, 65535,
           "metadata services port, plain HTTP"),
    NUMBER("--fabric-port", "N", fabric_port, 65535,
           "Service Fabric's token service port, self-signed TLS"),
    NUMBER("--arm-port", "N", arm_port, 65535,
           "management plane's port, as Azure Resource Manager"),
    TEXT("--resource", "URL", resource,
         "audience of tokens (https://managedhsm.azure.net)"),
    TEXT("--vault", "TIER", vault,
         "be a Key Vault, standard or premium, in place of a Managed HSM"),
    TEXT("--san", "NAMES", san,
         "more host names for the certificate, comma separated"),
    TEXT("--date", "DATE", date,
         "the Date header of every answer, or none, for tests of clocks"),
    NUMBER("--latency", "MS", latency, 600000,
           "delay before each answer of the service"),
    TEXT("--storage-ca", "FILE", storage_ca,
         "PEM roots of the blob store that backups go to"),
    NUMBER("--job-time", "MS", job_time, 600000,
           "how long backups and restores take at least"),
    NUMBER("--job-retry-after", "N", job_retry_after, 600,
           "their Retry-After in seconds; 0 is none (default)"),
    NUMBER("--restore-window", "N", restore_window, 100000,
           "minutes within which an HSM must have been backed up before all "
           "of it is restored (30)"),
    FLAG("--no-restore-window", no_restore_window,
         "restore without a backup before"),
    FLAG("--no-identity", no_identity,
         "the HSM has no managed identity for the blob store"),
    NUMBER("--work-time", "MS", work_ms, 86400000,
           "how long making, changing or removing an HSM takes (2000)"),
    FLAG("--activated", activated,
         "an HSM that is active from the start, without its security domain"),
    NUMBER("--not-activated", "STATUS", not_activated, 599,
           "how an HSM that is not active refuses (403)"),
    NUMBER("--domain-retry-after", "S", domain_retry_after, 3600,
           "Retry-After of security domains, in seconds (5)"),
    FLAG("--memory", memory,
         "keep keys and principals in memory: a restart forgets them"),
};

#define COUNT (sizeof(table) / sizeof(table[0]))

static int number(const struct option *row, const char *text, int64_t *out)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
        value < row->min || value > row->max) {
        fprintf(stderr, "mhsm-emulator: %s: a number from %lld to %lld\n",
                row->name, (long long)row->min, (long long)row->max);
        return 0;
    }
    *out = value;
    return 1;
}

static int set(struct emu_options *o, const struct option *row,
               const char *value)
{
    void *field = (char *)o + row->offset;

    if (value == NULL || *value == '\0') {
        fprintf(stderr, "mhsm-emulator: %s needs a value\n", row->name);
        return 0;
    }
    if (row->max != 0)
        return number(row, value, field);
    memcpy(field, &value, sizeof(value));
    return 1;
}

static int parse_one(struct emu_options *o, int argc, char **argv, int *at)
{
    const char *text = argv[*at];
    size_t i;

    if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
        o->help = 1;
        return 1;
    }
    for (i = 0; i < COUNT; i++) {
        size_t len = strlen(table[i].name);

        if (strncmp(text, table[i].name, len) != 0)
            continue;
        if (table[i].value == NULL) {
            if (text[len] != '\0')
                continue;
            *(int *)(void *)((char *)o + table[i].offset) = 1;
            return 1;
        }
        if (text[len] == '=')
            return set(o, &table[i], text + len + 1);
        if (text[len] == '\0') {
            *at += 1;
            return set(o, &table[i], *at < argc ? argv[*at] : NULL);
        }
    }
    fprintf(stderr, "mhsm-emulator: unknown option %s (see --help)\n", text);
    return 0;
}

int emu_options_parse(struct emu_options *o, int argc, char **argv)
{
    int i;

    memset(o, 0, sizeof(*o));
    o->san = "";
    o->restore_window = 30;
    o->work_ms = 2000;
    o->not_activated = 403;
    o->domain_retry_after = 5;
    for (i = 1; i < argc; i++) {
        if (!parse_one(o, argc, argv, &i))
            return 0;
    }
    if (o->help)
        return 1;
    if (o->state == NULL) {
        fprintf(stderr, "mhsm-emulator: --state DIR is required\n");
        return 0;
    }
    if (o->vault != NULL && strcmp(o->vault, "standard") != 0 &&
        strcmp(o->vault, "premium") != 0) {
        fprintf(stderr, "mhsm-emulator: --vault: standard or premium\n");
        return 0;
    }
    if (o->resource == NULL)
        o->resource = o->vault == NULL ? "https://managedhsm.azure.net"
                                       : "https://vault.azure.net";
    if (o->not_activated < 400) {
        fprintf(stderr, "mhsm-emulator: --not-activated: 400 to 599\n");
        return 0;
    }
    if (o->date != NULL && strpbrk(o->date, "\r\n") != NULL) {
        fprintf(stderr, "mhsm-emulator: --date: one line\n");
        return 0;
    }
    if (strncmp(o->resource, "https://", 8) != 0 || strlen(o->resource) > 200 ||
        strpbrk(o->resource, "\"\\ \r\n") != NULL) {
        fprintf(stderr, "mhsm-emulator: --resource: an https URL\n");
        return 0;
    }
    return 1;
}

/* Each name once: rows of one name stand together in the table. */
static void print_routes(void)
{
    const struct emu_route *route;
    const char *last = "", *name;
    size_t i, width = 1;

    for (i = 0; (route = emu_router_at(i)) != NULL; i++) {
        if (strcmp(route->name, last) == 0)
            continue;
        last = route->name;
        width += strlen(last) + 1;
        if (width > 72) {
            printf("\n ");
            width = strlen(last) + 2;
        }
        printf(" %s", last);
    }
    printf("\n ");
    for (i = 0; (name = emu_fault_identity(i)) != NULL; i++)
        printf(" %s", name);
    width = 72;
    for (i = 0; (name = emu_arm_route(i)) != NULL; i++) {
        if (strcmp(name, last) == 0)
            continue;
        last = name;
        width += strlen(last) + 1;
        if (width > 72) {
            printf("\n ");
            width = strlen(last) + 2;
        }
        printf(" %s", last);
    }
    printf("\n");
}

void emu_options_help(void)
{
    size_t i;

    printf("usage: mhsm-emulator --state DIR [options]\n\n"
           "A local Managed HSM with its token authority and metadata\n"
           "service, on loopback. Prints shell export lines when ready and\n"
           "runs until SIGTERM or SIGINT. The same folder gives the same\n"
           "ports, certificates, principals and keys again.\n\n");
    for (i = 0; i < COUNT; i++)
        printf("  %-22s %-6s %s\n", table[i].name,
               table[i].value == NULL ? "" : table[i].value, table[i].help);
    printf("  %-22s %-6s %s\n\n", "--help", "", "this text");
    printf(
        "Control port (JSON): GET /stats, POST /reset, POST /latency,\n"
        "POST /clock (advance: seconds that the clock is put forward),\n"
        "POST /work (ms: how long work of the management plane takes; fail:\n"
        "how its next one ends), POST /private-endpoints (hsm, name, address:\n"
        "callers from there ask to come by a private endpoint),\n"
        "POST /faults, GET and POST /principals, POST /proofs (what proves\n"
        "a principal beside its secret: client_id with certificate, with\n"
        "authority and subject, or with issuer, subject, audience and key;\n"
        "PEM), POST /attestations (claims: a statement that they hold of an\n"
        "environment, for key release). What an HSM has of its own is meant "
        "of\n"
        "the one that the parameter hsm names, or of the first. A fault names "
        "one of the routes\n"
        "below, or * for all of the service's but token, which act on\n"
        "requests whose token is good.\n ");
    print_routes();
}
