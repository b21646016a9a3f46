/* SPDX-License-Identifier: MIT
 *
 * A benchmark is a work done twice in the same run: by the provider, and by
 * the least that could do it.  Only the ratio means anything.
 */
#ifndef MHSM_TESTS_BENCH_H
#define MHSM_TESTS_BENCH_H

#include "harness.h"

/* What everybody signs with. */
struct bench {
    OSSL_LIB_CTX *lib;
    EVP_PKEY *key;
    char url[1024];    /* of the sign operation */
    char bearer[8192]; /* header with a token */
};

extern struct bench bench;

/* `count` signatures by `threads` threads; each ends the program on failure. */
typedef void bench_fn(int threads, int count);

/* floor.c: bare libcurl with kept connections and the body at hand. */
bench_fn bench_floor_threads;
/* ... and one thread with that many transfers at the same time. */
bench_fn bench_floor_multi;
/* Close what it kept. */
void bench_floor_close(void);

/* provider.c */
bench_fn bench_provider_threads;
/* ... and one thread with that many ASYNC_JOBs. */
bench_fn bench_provider_jobs;

/* process.c: ratio of the start of a program that has the module by its
 * configuration to that of one without, the least of `times` each; and the
 * program itself, started again. */
double bench_start(int times);
int bench_started(void);
/* Peak of this process's memory, in KiB. */
long bench_peak_kib(void);

#endif
