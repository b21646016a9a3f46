/* SPDX-License-Identifier: MIT
 *
 * Signatures through the provider against the bare HTTPS request, at several
 * numbers of threads and latencies of the HSM, in rounds that take turns, so
 * that what disturbs the machine disturbs both.  Prints ratios.
 */
#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench bench;

static const struct point {
    const char *name;
    bench_fn *floor, *provider;
    int width, latency_ms;
} points[] = {
    {"threads", bench_floor_threads, bench_provider_threads, 1, 0},
    {"threads", bench_floor_threads, bench_provider_threads, 8, 0},
    {"threads", bench_floor_threads, bench_provider_threads, 32, 0},
    {"threads", bench_floor_threads, bench_provider_threads, 1, 5},
    {"threads", bench_floor_threads, bench_provider_threads, 8, 5},
    {"threads", bench_floor_threads, bench_provider_threads, 32, 5},
    {"jobs", bench_floor_multi, bench_provider_jobs, 200, 0},
    {"jobs", bench_floor_multi, bench_provider_jobs, 200, 5},
};

enum { ROUNDS = 5, STARTS = 60, WARM_UP_MS = 200 };

struct cost {
    double wall, cpu;
};

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static struct cost now(void)
{
    struct timespec wall;
    struct rusage usage;

    clock_gettime(CLOCK_MONOTONIC, &wall);
    getrusage(RUSAGE_SELF, &usage);
    return (struct cost){(double)wall.tv_sec + (double)wall.tv_nsec / 1e9,
                         seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

static void add(struct cost *sum, bench_fn *work, int width, int count)
{
    struct cost before = now(), after;

    work(width, count);
    after = now();
    sum->wall += after.wall - before.wall;
    sum->cpu += after.cpu - before.cpu;
}

static void measure(const struct point *point, int count, int json)
{
    struct cost floor = {0, 0}, provider = {0, 0};
    long connections;
    double ratio, cpu_ratio, rate;

    /* Connections are opened before anything counts: all of them, because no
     * answer arrives before the last request is sent. */
    th_latency(WARM_UP_MS);
    point->floor(point->width, point->width * 2);
    point->provider(point->width, point->width * 2);
    th_latency(point->latency_ms);
    connections = th_stats().connections;
    for (int i = 0; i < ROUNDS; i++) {
        add(&floor, point->floor, point->width, count / ROUNDS);
        add(&provider, point->provider, point->width, count / ROUNDS);
    }
    connections = th_stats().connections - connections;
    bench_floor_close();
    ratio = floor.wall / provider.wall;
    cpu_ratio = provider.cpu / floor.cpu;
    rate = (double)(count / ROUNDS / point->width * point->width * ROUNDS) /
           provider.wall;
    if (json)
        printf("{\"name\":\"%s\",\"threads\":%d,\"latency_ms\":%d,"
               "\"ratio\":%.3f,\"cpu_ratio\":%.3f,\"new_connections\":%ld}\n",
               point->name, point->width, point->latency_ms, ratio, cpu_ratio,
               connections);
    else
        printf("%-8s %7d %8d ms %10.2f %10.2f %12ld %10.0f /s\n", point->name,
               point->width, point->latency_ms, ratio, cpu_ratio, connections,
               rate);
    fflush(stdout);
}

static void report_process(int json)
{
    double start = bench_start(STARTS);
    long peak = bench_peak_kib();

    if (json)
        printf("{\"name\":\"start\",\"ratio\":%.3f}\n"
               "{\"name\":\"memory\",\"peak_kib\":%ld}\n",
               start, peak);
    else
        printf("start of a program that only loads the module: %.2f of one "
               "without\npeak of memory of all this: %ld KiB\n",
               start, peak);
}

static void run(int count, int json, int row)
{
    struct th_context context;
    char version[33];

    setenv("MHSM_MAX_CONNECTIONS", "256", 1);
    snprintf(bench.bearer, sizeof(bench.bearer), "Authorization: Bearer %s",
             th_token());
    th_ec_create("bench", "P-256", version);
    snprintf(bench.url, sizeof(bench.url),
             "%s/keys/bench/%s/sign?api-version=7.6", getenv("MHSM_ENDPOINT"),
             version);
    th_context_open(&context, TH_LAST);
    bench.lib = context.lib;
    bench.key = th_must_open(bench.lib, "mhsm:bench");
    if (!json)
        printf("%d ECDSA P-256 signatures a row; ratios to libcurl alone\n"
               "%-8s %7s %11s %10s %10s %12s %13s\n",
               count, "", "at once", "latency", "speed", "CPU", "connections",
               "rate");
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        if (row == 0 || row == (int)i + 1)
            measure(&points[i], count, json);
    report_process(json);
    EVP_PKEY_free(bench.key);
    th_context_close(&context);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"row", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    int count = 4000, json = 0, row = 0, option;

    if (argc == 2 && strcmp(argv[1], "started") == 0)
        return bench_started();
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            json = 1;
        else if (option == 'r')
            row = (int)strtol(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind < argc)
        count = (int)strtol(argv[optind], NULL, 10);
    if (count < 1000 || count > 1000000 || optind + 1 < argc) {
        fputs("usage: bench_sign [--json] [--row N] [SIGNATURES, 1000 to "
              "1000000]\n",
              stderr);
        return 2;
    }
    th_begin();
    run(count, json, row);
    th_end();
    return 0;
}
