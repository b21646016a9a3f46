/* SPDX-License-Identifier: MIT
 *
 * One listening port on loopback: bodies are collected up to a bound, handed
 * to a function, and its answer is sent.
 */
#ifndef EMU_SERVER_H
#define EMU_SERVER_H

#include "reply.h"
#include "request.h"

#include <stdint.h>

struct emu_server;

typedef void emu_server_handler(struct emu_request *request,
                                struct emu_reply *reply);

struct emu_server_options {
    int64_t port; /* 0: any */
    emu_server_handler *handler;
    const char *certificate; /* PEM chain; NULL for plain HTTP */
    const char *key;
    int counted; /* connections and requests go into the counters */
};

/* Listens on 127.0.0.1, and on ::1 where the machine has it. */
int emu_server_start(struct emu_server **out, struct emu_hsm *hsm,
                     const struct emu_server_options *options);
int64_t emu_server_port(const struct emu_server *s);
/* Finishes what is running, then closes. */
void emu_server_stop(struct emu_server *s);

#endif
