/* SPDX-License-Identifier: MIT
 *
 * The command line of the emulator.
 */
#ifndef EMU_OPTIONS_H
#define EMU_OPTIONS_H

#include <stdint.h>

struct emu_options {
    const char *state;
    const char *resource;
    const char *san;
    const char *vault; /* the tier of the Key Vault; NULL: a Managed HSM */
    const char *date;  /* the Date of every answer; NULL: the real one */
    int64_t port;
    int64_t control_port;
    int64_t imds_port;
    int64_t fabric_port;
    int64_t latency;
    const char
        *storage_ca;  /* PEM roots of the blob store; NULL: the system's */
    int64_t job_time; /* ms that backups and restores take */
    int64_t job_retry_after; /* what they say, in seconds; 0: nothing */
    int64_t restore_window;  /* minutes */
    int no_restore_window;
    int no_identity;
    int64_t arm_port;
    int64_t work_ms;
    int64_t not_activated;      /* the status of what is refused for that */
    int64_t domain_retry_after; /* in seconds */
    int activated;
    int memory;
    int help;
};

/* 1 when usable; 0 after a message on standard error. */
int emu_options_parse(struct emu_options *o, int argc, char **argv);
void emu_options_help(void);

#endif
