/* SPDX-License-Identifier: MIT
 *
 * Managed identities: the one that this machine has, and the services that
 * hand out its tokens, each as it is found in one kind of host.
 */
#ifndef EMU_IDENTITY_H
#define EMU_IDENTITY_H

#include "principals.h"
#include "reply.h"
#include "request.h"

/* How a service writes the end of a token's life. */
enum emu_expiry {
    EMU_EXPIRY_TEXT = 0, /* expires_in and expires_on, both as text */
    EMU_EXPIRY_DATE = 1, /* expires_on as a date of 2017's interface */
    EMU_EXPIRY_EPOCH = 2 /* expires_on alone, a number */
};

/* {"error":..., "error_description":...} */
void emu_identity_refuse(struct emu_reply *r, unsigned status,
                         const char *error, const char *description);
/* {"error":{"code":..., "message":..., "correlationId":...}} */
void emu_identity_refuse_nested(struct emu_reply *r, unsigned status,
                                const char *code, const char *message);

/* A parameter that may name the identity, and what it names. */
enum emu_identity_way { EMU_BY_CLIENT, EMU_BY_OBJECT, EMU_BY_RESOURCE };

struct emu_identity_name {
    const char *parameter;
    enum emu_identity_way way;
};

/* 1 and *p: the identity, when the parameters of `names` (ended by NULL) that
 * are there all name it.  Else 0, with the refusal written. */
int emu_identity_find(struct emu_request *rq, struct emu_reply *r,
                      const struct emu_identity_name *names,
                      struct emu_principal *p);
/* The resource asked for, when it is a URL; else NULL, with the refusal. */
const char *emu_identity_resource(struct emu_reply *r, const char *resource);
void emu_identity_issue(struct emu_request *rq, struct emu_reply *r,
                        const char *resource, const struct emu_principal *p,
                        enum emu_expiry expiry);
/* The secret of IDENTITY_HEADER and its kin was sent. */
int emu_identity_known(const struct emu_request *rq, const char *sent);

/* The port of the metadata services: routes to the next four. */
void emu_metadata(struct emu_request *rq, struct emu_reply *r);
/* The virtual machine's, at /metadata/identity/oauth2/token. */
void emu_imds(struct emu_request *rq, struct emu_reply *r);
/* App Service, at /msi/token: the interfaces of 2019 and of 2017. */
void emu_app_service(struct emu_request *rq, struct emu_reply *r);
/* Cloud Shell, at /oauth2/token. */
void emu_cloud_shell(struct emu_request *rq, struct emu_reply *r);
/* Azure Arc, at /arc/token: proves that the caller can read a file. */
void emu_arc(struct emu_request *rq, struct emu_reply *r);
/* Service Fabric, on a TLS port of its own. */
void emu_service_fabric(struct emu_request *rq, struct emu_reply *r);

#endif
