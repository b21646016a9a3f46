/* SPDX-License-Identifier: MIT
 *
 * What belongs to one process and never to its children.
 */
#ifndef MHSM_CLIENT_BASE_PROCESS_H
#define MHSM_CLIENT_BASE_PROCESS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* A child finds all of it zero, however it was forked. */
struct mhsmi_process {
    atomic_int id;
    _Atomic uint64_t request_high, request_low; /* see mhsmi_uuid() */
};

/* NULL where the kernel cannot clear memory in a fork. */
struct mhsmi_process *mhsmi_process(void);

/* As getpid(), without asking the kernel each time. */
pid_t mhsmi_process_id(void);

#endif
