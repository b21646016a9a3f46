/* SPDX-License-Identifier: MIT
 *
 * URLs as this library uses them: scheme, host, optional port, path.  Parsing
 * is strict (curl's URL API below, plus refusals): user info, control
 * characters, percent-encoded hosts and empty hosts are malformed.
 */
#ifndef MHSM_CLIENT_BASE_URL_H
#define MHSM_CLIENT_BASE_URL_H

#include "base/buf.h"

struct mhsmi_url {
    char *scheme; /* lower case; the others lie in the same block */
    char *host;   /* lower case; an IPv6 literal keeps its brackets */
    int port;     /* 0: none given */
    char *path;   /* with its leading "/", "" when none */
    char *query;  /* without "?", NULL when none */
};

/* 1, or 0 when malformed; free with mhsmi_url_clear. */
MHSM_NODISCARD int mhsmi_url_parse(struct mhsmi_url *url, const char *text);
void mhsmi_url_clear(struct mhsmi_url *url);
/* "scheme://host[:port]"; the caller frees. */
char *mhsmi_url_origin(const struct mhsmi_url *url);
/* Same scheme, host and effective port. */
int mhsmi_url_same_origin(const char *a, const char *b);
/* `host` equals `suffix`'s part after its dot, or ends in `suffix`
 * (".managedhsm.azure.net"); never matches without the dot. */
int mhsmi_host_has_suffix(const char *host, const char *suffix);
/* 127.0.0.0/8, ::1, localhost. */
int mhsmi_host_is_loopback(const char *host);
/* 169.254.0.0/16. */
int mhsmi_host_is_link_local(const char *host);
/* Append `text` percent-encoded for a form body or a query value. */
MHSM_NODISCARD int mhsmi_url_escape(struct mhsmi_buf *out, const char *text);

#endif
