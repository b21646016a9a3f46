/* SPDX-License-Identifier: MIT
 *
 * libcurl, loaded when the first of its functions is needed.  openssl.cnf may
 * load this project into every program that uses OpenSSL, and libcurl brings
 * some thirty libraries along: a program that never uses a key must not wait
 * for them.
 *
 * No function of libcurl may be called but through this table.
 */
#ifndef MHSM_CLIENT_BASE_LIBCURL_H
#define MHSM_CLIENT_BASE_LIBCURL_H

#include <curl/curl.h>

/* A row for each function that is used: curl_NAME. */
#define MHSMI_LIBCURL(ROW)                                                     \
    ROW(global_init)                                                           \
    ROW(version_info)                                                          \
    ROW(getdate)                                                               \
    ROW(free)                                                                  \
    ROW(url)                                                                   \
    ROW(url_set)                                                               \
    ROW(url_get)                                                               \
    ROW(url_cleanup)                                                           \
    ROW(easy_init)                                                             \
    ROW(easy_perform)                                                          \
    ROW(easy_setopt)                                                           \
    ROW(easy_getinfo)                                                          \
    ROW(easy_strerror)                                                         \
    ROW(easy_reset)                                                            \
    ROW(easy_cleanup)                                                          \
    ROW(multi_init)                                                            \
    ROW(multi_setopt)                                                          \
    ROW(multi_add_handle)                                                      \
    ROW(multi_remove_handle)                                                   \
    ROW(multi_perform)                                                         \
    ROW(multi_poll)                                                            \
    ROW(multi_info_read)                                                       \
    ROW(multi_wakeup)                                                          \
    ROW(multi_cleanup)

struct mhsmi_libcurl {
#define MHSMI_LIBCURL_MEMBER(name) __typeof__ (&curl_##name)(name);
    MHSMI_LIBCURL(MHSMI_LIBCURL_MEMBER)
#undef MHSMI_LIBCURL_MEMBER
};

/* Loaded at the first call, by any thread; NULL when the system has no libcurl
 * that fits, which is logged. */
const struct mhsmi_libcurl *mhsmi_libcurl(void);

#endif
