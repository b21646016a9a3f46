/* SPDX-License-Identifier: MIT
 *
 * Reads the answers of token endpoints.  A body may hold a token: it is never
 * quoted, whatever is wrong with it, and json-c's copies are overwritten.
 */
#include "auth/token_response.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "auth/claims.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/libcurl.h"

enum { token_max = 32768, line_max = 300 };

/* Nothing lives for ever: a longer life is somebody's mistake. */
static const int64_t life_max = (int64_t)365 * 24 * 3600;

int mhsmi_token_check(const char *text)
{
    size_t size;

    for (size = 0; text[size] != '\0'; size++) {
        if (text[size] <= ' ' || text[size] > '~' || size == token_max)
            return 0;
    }
    return size != 0;
}

static int is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int mhsmi_token_take(const struct mhsmi_buf *raw, struct mhsmi_buf *text)
{
    size_t from = 0, to = raw->size;

    while (from < to && is_space(raw->data[from]))
        from++;
    while (to > from && is_space(raw->data[to - 1]))
        to--;
    return to > from && memchr(raw->data + from, '\0', to - from) == NULL &&
           mhsmi_buf_append(text, raw->data + from, to - from) &&
           mhsmi_token_check(mhsmi_buf_text(text));
}

int64_t mhsmi_token_expiry(const char *jwt)
{
    struct mhsmi_claims claims;
    int64_t expires = 0;

    if (mhsmi_claims_read(&claims, jwt) && claims.expires > 0)
        expires = claims.expires;
    mhsmi_claims_clear(&claims);
    return expires;
}

static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* Seconds east of Greenwich that "Z", "+01:00" or nothing stand for. */
static int64_t parse_zone(const char *text)
{
    int hours, minutes;

    if (text[0] != '+' && text[0] != '-')
        return 0;
    hours = two_digits(text + 1);
    minutes = hours >= 0 && text[3] == ':' ? two_digits(text + 4) : -1;
    if (minutes < 0)
        return 0;
    return (text[0] == '+' ? 60 : -60) * ((int64_t)hours * 60 + minutes);
}

/* "1/31/2026 10:00:00 PM +00:00", with or without the half of the day: the
 * interface of 2017. */
static int64_t parse_older_date(const char *text)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%m/%d/%Y %H:%M:%S", &tm);

    if (rest == NULL)
        return 0;
    if (strncmp(rest, " AM", 3) == 0 || strncmp(rest, " PM", 3) == 0) {
        tm.tm_hour = tm.tm_hour % 12 + (rest[1] == 'P' ? 12 : 0);
        rest += 3;
    }
    return (int64_t)timegm(&tm) - parse_zone(rest + strspn(rest, " "));
}

int64_t mhsmi_token_date(const char *text)
{
    struct tm tm = {0};
    const char *rest;
    int64_t value;

    if (strlen(text) > 64)
        return 0;
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL) {
        value = parse_older_date(text);
        if (value == 0 && mhsmi_libcurl() != NULL)
            value = (int64_t)mhsmi_libcurl()->getdate(text, NULL);
    } else {
        if (*rest == '.')
            rest += 1 + strspn(rest + 1, "0123456789");
        value = (int64_t)timegm(&tm) - parse_zone(rest);
    }
    return value > 0 ? value : 0;
}

static int64_t find_expiry(struct json_object *answer, const char *text,
                           int64_t now)
{
    int64_t life = mhsmi_json_int(answer, "expires_in", -1);
    int64_t at = mhsmi_json_int(answer, "expires_on", 0);
    const char *date = mhsmi_json_string(answer, "expires_on");

    if (life >= 0)
        return now + (life < life_max ? life : life_max);
    if (at == 0 && date != NULL)
        at = mhsmi_token_date(date);
    if (at <= 0)
        at = mhsmi_token_expiry(text);
    return at > now + life_max ? now + life_max : at;
}

/* When to renew ahead: as told, else at half of a long life. */
static int64_t find_refresh(struct json_object *answer, int64_t expires,
                            int64_t now)
{
    int64_t after = mhsmi_json_int(answer, "refresh_in", -1);
    int64_t life = expires - now;

    if (after >= 0 && expires != 0 && after < life)
        return now + after;
    return expires != 0 && life >= 7200 ? now + life / 2 : 0;
}

mhsm_status mhsmi_token_response_parse(const struct mhsmi_buf *body,
                                       int64_t now, struct mhsmi_token *token,
                                       mhsm_error **err)
{
    struct json_object *answer = mhsmi_json_parse(body->data, body->size);
    const char *text = mhsmi_json_string(answer, "access_token");
    const char *type = mhsmi_json_string(answer, "token_type");
    mhsm_status st = MHSM_OK;

    if (answer == NULL) {
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the answer (%zu octets) is not JSON", body->size);
    } else if (text == NULL || !mhsmi_token_check(text)) {
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the answer has no usable access_token");
    } else if (type != NULL && OPENSSL_strcasecmp(type, "Bearer") != 0) {
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the answer has a token of type \"%.40s\", not a "
                         "bearer token",
                         type);
    } else if (!mhsmi_buf_puts(&token->text, text)) {
        st = mhsmi_error_memory(err);
    } else {
        token->expires = find_expiry(answer, text, now);
        token->refresh = find_refresh(answer, token->expires, now);
        if (token->expires != 0 && token->expires <= now) {
            st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                             "the token received has already expired");
            mhsmi_error_set_hint(err, "compare the clock of this machine with "
                                      "the authority's");
            mhsmi_token_clear(token);
        }
    }
    mhsmi_json_wipe(answer);
    return st;
}

/* What Entra's numbers mean for somebody who configures a signer. */
static const struct {
    int64_t code;
    const char *hint;
} entra_codes[] = {
    {7000215, "the client secret is wrong; often its id was pasted in place "
              "of its value"},
    {7000222, "the client secret has expired: make a new one for the "
              "application"},
    {700016, "no such application in this tenant: check client-id and "
             "tenant-id"},
    {700011, "no such application in this tenant: check client-id and "
             "tenant-id"},
    {700025, "the application is a public client, which may have no secret"},
    {700024, "the assertion is outside its validity: check this machine's "
             "clock"},
    {700027, "the application does not have this certificate: upload it (its "
             "public part) to the application, and check that the file is the "
             "current one"},
    {700030, "the application does not trust this certificate's subject and "
             "issuer: check them, and that send-certificate-chain is set"},
    {700021, "the assertion is for another application: check client-id"},
    {700023, "the authority does not take its own address for the assertion's "
             "audience: check authority-host and tenant-id"},
    {50027, "the authority cannot read the assertion: an AD FS or an old "
            "authority may want assertion-algorithm = RS256"},
    {70021, "no federated credential of the application has this token's "
            "issuer, subject and audience; a new one takes some minutes to "
            "be known"},
    {700213, "no federated credential of the application has this token's "
             "subject: compare it with the service account or workflow"},
    {7002131, "no federated credential of the application has this token's "
              "subject: compare it with the service account or workflow"},
    {70001, "the application is disabled or unknown in this tenant"},
    {7000112, "the application is disabled"},
    {90002, "the tenant does not exist: check tenant-id and authority-host"},
    {900023, "tenant-id is malformed"},
    {500011, "the tenant does not know this resource: wrong cloud or wrong "
             "`resource`"},
    {650052, "the tenant does not know this resource: wrong cloud or wrong "
             "`resource`"},
    {50001, "the tenant does not know this resource: wrong cloud or wrong "
            "`resource`"},
    {70011, "the scope is malformed: check the option `resource`"},
    {53003, "conditional access blocks this application or address"},
    {90033, "the authority is unwell for the moment: try again later"},
    {90055, "the authority has too many requests: try again later"},
    {50196, "the authority sees a loop: too many token requests from this "
            "client"},
};

/* The first number of error_codes, or that of "AADSTS700016: ..." . */
static int64_t entra_code(struct json_object *answer, const char *text)
{
    struct json_object *codes = mhsmi_json_array(answer, "error_codes");
    int64_t code = 0;
    size_t i;

    if (codes != NULL && json_object_array_length(codes) > 0)
        code = json_object_get_int64(json_object_array_get_idx(codes, 0));
    if (code == 0 && text != NULL && strncmp(text, "AADSTS", 6) == 0) {
        for (i = 6; text[i] >= '0' && text[i] <= '9' && i < 18; i++)
            code = code * 10 + (text[i] - '0');
    }
    return code;
}

static const char *find_hint(int64_t code)
{
    size_t i;

    for (i = 0; i < sizeof(entra_codes) / sizeof(entra_codes[0]); i++) {
        if (entra_codes[i].code == code)
            return entra_codes[i].hint;
    }
    return NULL;
}

/* The parts of a refusal, whichever of the three shapes it has. */
struct refusal {
    const char *error, *text, *correlation;
};

static struct refusal read_refusal(struct json_object *answer)
{
    struct json_object *inner = mhsmi_json_object(answer, "error");
    struct refusal refusal = {NULL, NULL, NULL};

    if (inner != NULL) {
        refusal.error = mhsmi_json_string(inner, "code");
        refusal.text = mhsmi_json_string(inner, "message");
        refusal.correlation = mhsmi_json_string(inner, "correlationId");
        return refusal;
    }
    refusal.error = mhsmi_json_string(answer, "error");
    refusal.text = mhsmi_json_string(answer, "error_description");
    if (refusal.text == NULL)
        refusal.text = mhsmi_json_string(answer, "message");
    refusal.correlation = mhsmi_json_string(answer, "correlation_id");
    if (refusal.correlation == NULL)
        refusal.correlation = mhsmi_json_string(answer, "correlationId");
    return refusal;
}

static mhsm_status status_of(int http_status)
{
    if (http_status == 429)
        return MHSM_ERR_THROTTLED;
    if (http_status >= 500)
        return MHSM_ERR_SERVICE;
    if (http_status >= 300 && http_status < 400)
        return MHSM_ERR_PROTOCOL;
    return http_status < 300 ? MHSM_ERR_PROTOCOL : MHSM_ERR_CREDENTIAL;
}

mhsm_status mhsmi_token_response_error(const struct mhsmi_response *response,
                                       const char *who, mhsm_error **err)
{
    struct json_object *answer =
        mhsmi_json_parse(response->body.data, response->body.size);
    struct refusal refusal = read_refusal(answer);
    mhsm_status st = status_of(response->status);
    int64_t code = entra_code(answer, refusal.text);
    const char *hint = find_hint(code);
    size_t line;

    if (refusal.text != NULL) {
        /* The first line; the rest repeats trace ids and times. */
        line = strcspn(refusal.text, "\r\n");
        st = mhsmi_error(err, st, "%s: %.*s%s%.80s%s", who,
                         (int)(line < line_max ? line : line_max), refusal.text,
                         refusal.correlation != NULL ? " (correlation id " : "",
                         refusal.correlation != NULL ? refusal.correlation : "",
                         refusal.correlation != NULL ? ")" : "");
    } else if (refusal.error != NULL) {
        st = mhsmi_error(err, st, "%s: refused: %.80s", who, refusal.error);
    } else {
        st = mhsmi_error(err, st,
                         "%s: answered HTTP %d with %zu octets that "
                         "explain nothing",
                         who, response->status, response->body.size);
    }
    if (response->status >= 300 && response->status < 400)
        hint = "a redirect is never followed with a secret: check "
               "authority-host and the proxy";
    if (hint != NULL)
        mhsmi_error_set_hint(err, "%s", hint);
    mhsmi_error_set_service(
        err, response->status, refusal.error != NULL ? refusal.error : "",
        response->request_id != NULL ? response->request_id : "");
    mhsmi_json_wipe(answer);
    return st;
}
