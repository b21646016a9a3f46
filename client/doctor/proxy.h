/* SPDX-License-Identifier: MIT
 *
 * Whether a proxy leads to the HSM, by the rules that libcurl goes by.
 */
#ifndef MHSM_CLIENT_DOCTOR_PROXY_H
#define MHSM_CLIENT_DOCTOR_PROXY_H

/* "HOST:PORT" of a proxy's URL, without the user name and password that a
 * variable's may hold; NULL when malformed or out of memory. */
char *doctor_proxy_place(const char *url);
/* `host` is in a list such as no_proxy holds: names, which stand for all below
 * them too, separated by commas or spaces; or "*". */
int doctor_proxy_exempt(const char *list, const char *host);

#endif
