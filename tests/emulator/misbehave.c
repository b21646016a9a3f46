/* SPDX-License-Identifier: MIT
 *
 * Carries out the fault plan: the wrong answers that a client must survive.
 * Also the challenge, which one of the faults gives for no reason. It never
 * changes what is stored.
 */
#include "misbehave.h"

#include "vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGE_SIZE ((size_t)5 * 1024 * 1024)

void emu_challenge(struct emu_request *rq, struct emu_reply *r)
{
    char header[768], elsewhere[32];
    const char *host = rq->host;

    if (!emu_hsm_is_first(rq->hsm)) {
        snprintf(elsewhere, sizeof(elsewhere), "localhost:%lld",
                 (long long)rq->hsm->cloud->authority_port);
        host = elsewhere;
    }
    snprintf(header, sizeof(header),
             "Bearer authorization=\"https://%s/%s\", resource=\"%s\"", host,
             rq->hsm->cloud->tenant, rq->hsm->options->resource);
    emu_reply_clear(r);
    if (emu_is_vault(rq))
        emu_vault_unauthorized(r);
    /* Clients must not take the body of a 401 for JSON; this one is not. */
    else if (strcmp(rq->method, "GET") == 0)
        emu_reply_text(r, 401, "application/json; charset=utf-8", strdup("OK"));
    else
        emu_reply_empty(r, 401);
    emu_reply_header(r, "www-authenticate", header);
}

static void huge(struct emu_reply *r)
{
    static const char head[] = "{\"value\":\"", tail[] = "\"}";
    char *text = malloc(HUGE_SIZE + 1);

    if (text == NULL) {
        emu_reply_failed(r);
        return;
    }
    memset(text, 'A', HUGE_SIZE);
    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + HUGE_SIZE - sizeof(tail) + 1, tail, sizeof(tail));
    emu_reply_text(r, 200, "application/json; charset=utf-8", text);
}

/* The authority and the metadata service have another form of error. */
static void oauth_error(struct emu_reply *r, unsigned status, const char *code,
                        const char *message)
{
    struct json_object *o = json_object_new_object();

    emu_json_add_string(o, "error", code);
    emu_json_add_string(o, "error_description", message);
    emu_reply_json(r, status, o);
}

static void fault_status(const struct emu_fault *f, const char *route,
                         struct emu_reply *r)
{
    const char *code = f->code, *message = f->message;

    if (code[0] == '\0')
        code = f->status == 429 ? "Throttled" : "ServiceUnavailable";
    if (message[0] == '\0')
        message = "The service is asked to fail";
    if (emu_fault_is_oauth(route))
        oauth_error(r, f->status, code, message);
    else
        emu_reply_error(r, f->status, code, "%s", message);
    if (f->retry_after[0] != '\0')
        emu_reply_header(r, f->retry_header, f->retry_after);
}

int emu_fault_apply(struct emu_request *rq, struct emu_reply *r,
                    const char *route, int *cut)
{
    struct emu_fault f;

    if (!emu_faults_take(rq->hsm->faults, route, &f))
        return 0;
    emu_faults_sleep(rq->hsm->faults, f.ms);
    switch (f.action) {
    case EMU_FAULT_STATUS:
        fault_status(&f, route, r);
        return 1;
    case EMU_FAULT_UNAUTHORIZED:
        emu_challenge(rq, r);
        return 1;
    case EMU_FAULT_RESET:
        r->wire = EMU_WIRE_RESET;
        return 1;
    case EMU_FAULT_TRUNCATE:
        *cut = 1;
        return 0;
    case EMU_FAULT_GARBAGE:
        emu_reply_text(r, 200, "application/json; charset=utf-8",
                       strdup("<html>\x01 this is no JSON"));
        return 1;
    case EMU_FAULT_HUGE:
        huge(r);
        return 1;
    case EMU_FAULT_REDIRECT:
        emu_reply_empty(r, 302);
        emu_reply_header(r, "location", "https://elsewhere.invalid/keys");
        return 1;
    case EMU_FAULT_CHALLENGE:
        oauth_error(r, 401, "unauthorized", "The service is asked to fail");
        emu_reply_header(r, "www-authenticate", f.message);
        return 1;
    case EMU_FAULT_STRINGS:
        rq->strings = 1;
        return 0;
    case EMU_FAULT_DOOM:
        rq->doomed = 1;
        return 0;
    case EMU_FAULT_SLOW:
    case EMU_FAULT_NONE:
        break;
    }
    return 0;
}
