/* SPDX-License-Identifier: MIT
 *
 * The authority's refusals: one row each. A row's text tells what to look for,
 * never what was sent.
 */
#include "refusals.h"

#include <stdio.h>
#include <time.h>

static const struct {
    unsigned status;
    int code;
    const char *error;
    const char *text;
} rows[] = {
    [EMU_REFUSED_TENANT] = {400, 90002, "invalid_request",
                            "The tenant was not found at this authority."},
    [EMU_REFUSED_CLIENT] = {400, 700016, "unauthorized_client",
                            "The application was not found in the directory."},
    [EMU_REFUSED_SECRET] = {401, 7000215, "invalid_client",
                            "The client secret is not the right one."},
    [EMU_REFUSED_SCOPE] = {400, 70011, "invalid_scope",
                           "The scope is no resource followed by /.default."},
    [EMU_REFUSED_GRANT] = {400, 70003, "unsupported_grant_type",
                           "The grant type is not supported here."},
    [EMU_REFUSED_MISSING] = {400, 900144, "invalid_request",
                             "The body must hold client_id, grant_type, scope "
                             "and a secret or an assertion."},
    [EMU_REFUSED_FORM] = {400, 900144, "invalid_request",
                          "The body is no form."},
    [EMU_REFUSED_HOST] = {400, 900144, "invalid_request",
                          "The Host header is not that of the proxy."},
    [EMU_REFUSED_ASSERTION] = {401, 50027, "invalid_client",
                               "The assertion is malformed."},
    [EMU_REFUSED_ALGORITHM] = {401, 50027, "invalid_client",
                               "The algorithm and the thumbprint of the "
                               "assertion are not accepted here."},
    [EMU_REFUSED_REPLAY] = {401, 50027, "invalid_client",
                            "The jti was used by another assertion."},
    [EMU_REFUSED_APPLICATION] = {401, 700021, "invalid_client",
                                 "Issuer or subject of the assertion is not "
                                 "the application."},
    [EMU_REFUSED_AUDIENCE] = {401, 700023, "invalid_client",
                              "The audience of the assertion is not this "
                              "endpoint."},
    [EMU_REFUSED_TIME] = {401, 700024, "invalid_client",
                          "The assertion is outside its time."},
    [EMU_REFUSED_SIGNATURE] = {401, 700027, "invalid_client",
                               "The signature is not that of a key of the "
                               "application."},
    [EMU_REFUSED_NAME] = {401, 700030, "invalid_client",
                          "The certificate is not of a subject and issuer "
                          "that the application trusts."},
    [EMU_REFUSED_FEDERATION] = {401, 70021, "invalid_client",
                                "No federated credential has this issuer and "
                                "audience."},
    [EMU_REFUSED_SUBJECT] = {401, 700213, "invalid_client",
                             "No federated credential has this subject."},
};

void emu_refuse(struct emu_reply *r, enum emu_refusal why)
{
    struct json_object *o = json_object_new_object();
    struct json_object *codes = json_object_new_array();
    char description[512], stamp[32], correlation[EMU_GUID_SIZE];
    time_t now = (time_t)emu_now();
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%SZ", &tm);
    if (!emu_guid_new(correlation))
        correlation[0] = '\0';
    snprintf(description, sizeof(description),
             "AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
             rows[why].code, rows[why].text, r->id, correlation, stamp);
    if (codes != NULL)
        json_object_array_add(codes, json_object_new_int(rows[why].code));
    emu_json_add_string(o, "error", rows[why].error);
    emu_json_add_string(o, "error_description", description);
    emu_json_add(o, "error_codes", codes);
    emu_json_add_string(o, "timestamp", stamp);
    emu_json_add_string(o, "trace_id", r->id);
    emu_json_add_string(o, "correlation_id", correlation);
    emu_json_add_string(o, "error_uri", "https://login.invalid/error");
    emu_reply_json(r, rows[why].status, o);
}
