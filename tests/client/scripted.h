/* SPDX-License-Identifier: MIT
 *
 * An HTTPS server on loopback that answers from a script, for what a Managed
 * HSM never sends: hostile links, other keys, odd challenges.  It decides
 * nothing by itself and must never be used where the emulator would do.
 */
#ifndef MHSM_TESTS_CLIENT_SCRIPTED_H
#define MHSM_TESTS_CLIENT_SCRIPTED_H

/* One row of a script; the first row that matches and has `times` left
 * answers.  "$E" in `value` and `body` stands for the server's URL. */
struct ts_answer {
    const char *route; /* "GET /keys/k": method and path, exact */
    const char *query; /* a part that the query must hold; NULL: any */
    int authorized;    /* 1: only with a token, 0: only without, -1: any */
    int times;         /* 0: any number */
    int status;
    const char *name, *value; /* one header, or NULL */
    const char *body;         /* NULL: none */
};

/* Start the server, with a certificate of its own; ends the program when that
 * fails. */
void ts_start(void);
void ts_stop(void);
/* "https://localhost:PORT", and the file of its certificate. */
const char *ts_url(void);
const char *ts_ca(void);

/* Replace the script (`rows` end with a NULL route and must stay) and forget
 * what was seen. */
void ts_script(const struct ts_answer *rows);
/* How often a route was asked for, and the last body that was sent to it. */
int ts_count(const char *route);
const char *ts_body(const char *route);
/* Requests that no row answered: they got a 404. */
int ts_stray(void);

#endif
