/* SPDX-License-Identifier: MIT
 *
 * The harness's own way to the service: libcurl with a token of the
 * administrator, to make keys and principals.  Must never go through the
 * module, whose faults would then hide behind themselves.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "harness_internal.h"

enum { BODY_LIMIT = 1 << 20, TEXT_SIZE = 4096, VERSION_SIZE = 33 };

struct body {
    char *data;
    size_t size;
};

static char *token;

static size_t collect(char *data, size_t one, size_t count, void *arg)
{
    struct body *body = arg;
    char *grown;

    if (count > BODY_LIMIT || body->size > BODY_LIMIT)
        return 0;
    grown = realloc(body->data, body->size + one * count + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + body->size, data, one * count);
    body->data = grown;
    body->size += one * count;
    body->data[body->size] = '\0';
    return one * count;
}

static struct curl_slist *headers_of(const struct th_call *call)
{
    struct curl_slist *headers = NULL;
    char line[TEXT_SIZE * 2];

    headers = curl_slist_append(
        headers, call->form != NULL
                     ? "Content-Type: application/x-www-form-urlencoded"
                     : "Content-Type: application/json");
    if (call->bearer != NULL) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", call->bearer);
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

struct json_object *th_http(const struct th_call *call, long *status)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = headers_of(call);
    struct body body = {NULL, 0};
    struct json_object *answer = NULL;
    const char *text = call->form != NULL ? call->form : call->body;
    CURLcode code;

    if (easy == NULL || headers == NULL)
        th_die("libcurl: out of memory");
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    if (strcmp(call->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text == NULL ? "" : text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("MHSM_CA_FILE"));
    code = curl_easy_perform(easy);
    if (code != CURLE_OK)
        th_die("%s %s: %s", call->method, call->url, curl_easy_strerror(code));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, status);
    if (body.size > 0)
        answer = json_tokener_parse(body.data);
    free(body.data);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return answer;
}

static const char *must_get(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value) ||
        json_object_get_string(value) == NULL)
        th_die("an answer lacks \"%s\": %s", name,
               object == NULL ? "(none)" : json_object_to_json_string(object));
    return json_object_get_string(value);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        th_die("the emulator did not set %s", name);
    return value;
}

/* Kept: tokens live longer than any test. */
const char *th_token(void)
{
    char url[TEXT_SIZE], form[TEXT_SIZE];
    struct th_call call = {.method = "POST", .url = url, .form = form};
    struct json_object *answer;
    char *secret;
    long status = 0;

    if (token != NULL)
        return token;
    th_environment_reset();
    secret = curl_easy_escape(NULL, variable("AZURE_CLIENT_SECRET"), 0);
    snprintf(url, sizeof(url), "%s/%s/oauth2/v2.0/token",
             variable("AZURE_AUTHORITY_HOST"), variable("AZURE_TENANT_ID"));
    snprintf(form, sizeof(form),
             "grant_type=client_credentials&client_id=%s&client_secret=%s"
             "&scope=https%%3A%%2F%%2Fmanagedhsm.azure.net%%2F.default",
             variable("AZURE_CLIENT_ID"), secret);
    curl_free(secret);
    answer = th_http(&call, &status);
    if (status != 200)
        th_die("the authority answers %ld: %s", status,
               json_object_to_json_string(answer));
    token = strdup(must_get(answer, "access_token"));
    json_object_put(answer);
    return token;
}

void th_service_cleanup(void)
{
    free(token);
    token = NULL;
}

struct json_object *th_service(const char *method, const char *path,
                               const char *body, long *status)
{
    char url[TEXT_SIZE];
    struct th_call call = {.method = method, .url = url, .body = body};
    const char *version = getenv("MHSM_API_VERSION");

    call.bearer = th_token();
    snprintf(url, sizeof(url), "https://%s%s?api-version=%s", th_host(), path,
             version != NULL ? version : "7.6");
    return th_http(&call, status);
}

static void must_service(const char *method, const char *path, const char *body,
                         char *version)
{
    struct json_object *answer, *key = NULL;
    const char *kid, *last;
    long status = 0;

    answer = th_service(method, path, body, &status);
    if (status != 200)
        th_die("%s %s answers %ld: %s", method, path, status,
               json_object_to_json_string(answer));
    if (version != NULL) {
        json_object_object_get_ex(answer, "key", &key);
        kid = must_get(key, "kid");
        last = strrchr(kid, '/');
        if (last == NULL || strlen(last + 1) != VERSION_SIZE - 1)
            th_die("strange kid %s", kid);
        memcpy(version, last + 1, VERSION_SIZE);
    }
    json_object_put(answer);
}

void th_key_create(const char *name, const char *body, char *version)
{
    char path[256];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    must_service("POST", path, body, version);
}

void th_rsa_create(const char *name, int bits, char *version)
{
    char body[128];

    snprintf(body, sizeof(body), "{\"kty\":\"RSA-HSM\",\"key_size\":%d}", bits);
    th_key_create(name, body, version);
}

void th_ec_create(const char *name, const char *curve, char *version)
{
    char body[128];

    snprintf(body, sizeof(body), "{\"kty\":\"EC-HSM\",\"crv\":\"%s\"}", curve);
    th_key_create(name, body, version);
}

void th_key_update(const char *name, const char *body)
{
    char path[256];

    snprintf(path, sizeof(path), "/keys/%s", name);
    must_service("PATCH", path, body, NULL);
}

void th_principal_new(const char *name, const char *role, const char *scope,
                      struct th_principal *principal)
{
    struct json_object *answer = NULL;
    char body[512];

    if (role == NULL)
        snprintf(body, sizeof(body), "{\"name\":\"%s\",\"roles\":[]}", name);
    else
        snprintf(body, sizeof(body),
                 "{\"name\":\"%s\",\"roles\":[{\"role\":\"%s\","
                 "\"scope\":\"%s\"}]}",
                 name, role, scope);
    th_control("/principals", body, &answer);
    snprintf(principal->id, sizeof(principal->id), "%s",
             must_get(answer, "client_id"));
    snprintf(principal->secret, sizeof(principal->secret), "%s",
             must_get(answer, "client_secret"));
    snprintf(principal->oid, sizeof(principal->oid), "%s",
             must_get(answer, "oid"));
    json_object_put(answer);
}

void th_principal_use(const struct th_principal *principal)
{
    setenv("AZURE_CLIENT_ID", principal->id, 1);
    setenv("AZURE_CLIENT_SECRET", principal->secret, 1);
}

void th_prove(const char *client_id, struct json_object *proof)
{
    json_object_object_add(proof, "client_id",
                           json_object_new_string(client_id));
    th_control("/proofs", json_object_to_json_string(proof), NULL);
    json_object_put(proof);
}

/* Public keys from the answer --------------------------------------------- */

static size_t octets(struct json_object *key, const char *name,
                     unsigned char *out, size_t max)
{
    const char *text = must_get(key, name);
    char padded[4096];
    size_t size = strlen(text), i, pad = (4 - size % 4) % 4;
    int made;

    if (size + pad >= sizeof(padded) || (size + pad) / 4 * 3 > max)
        th_die("\"%s\" is too long", name);
    for (i = 0; i < size; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    memset(padded + size, '=', pad);
    made = EVP_DecodeBlock(out, (unsigned char *)padded, (int)(size + pad));
    if (made < 0 || (size_t)made < pad)
        th_die("\"%s\" is no base64url", name);
    return (size_t)made - pad;
}

static EVP_PKEY *make_public(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(th_plain(), type, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        th_die("the service's public key makes no %s key", type);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *rsa_public(struct json_object *key)
{
    unsigned char n[1024], e[16];
    BIGNUM *modulus = BN_bin2bn(n, (int)octets(key, "n", n, sizeof(n)), NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)octets(key, "e", e, sizeof(e)), NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *made;

    if (!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) ||
        !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        th_die("out of memory");
    made = make_public("RSA", builder);
    BN_free(modulus);
    BN_free(exponent);
    return made;
}

static EVP_PKEY *ec_public(struct json_object *key)
{
    static const char *const curves[][2] = {{"P-256", "prime256v1"},
                                            {"P-384", "secp384r1"},
                                            {"P-521", "secp521r1"},
                                            {"P-256K", "secp256k1"}};
    const char *curve = must_get(key, "crv"), *group = NULL;
    unsigned char point[256];
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    size_t i, x, y;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(curve, curves[i][0]) == 0)
            group = curves[i][1];
    }
    if (group == NULL)
        th_die("unknown curve %s", curve);
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    x = octets(key, "x", point + 1, 100);
    y = octets(key, "y", point + 1 + x, 100);
    if (x != y ||
        !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
                                         group, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
                                          point, 1 + x + y))
        th_die("bad point");
    return make_public("EC", builder);
}

/* ML-DSA: the type is the algorithm. */
static EVP_PKEY *akp_public(struct json_object *key)
{
    unsigned char pub[3072];
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    size_t size = octets(key, "pub", pub, sizeof(pub));

    if (!OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, pub,
                                          size))
        th_die("out of memory");
    return make_public(must_get(key, "alg"), builder);
}

EVP_PKEY *th_public_from_service(const char *name)
{
    struct json_object *answer, *key = NULL;
    char path[256];
    long status = 0;
    EVP_PKEY *made;

    snprintf(path, sizeof(path), "/keys/%s", name);
    answer = th_service("GET", path, NULL, &status);
    if (status != 200 || !json_object_object_get_ex(answer, "key", &key))
        th_die("GET %s answers %ld", path, status);
    if (strncmp(must_get(key, "kty"), "AKP", 3) == 0)
        made = akp_public(key);
    else
        made = strncmp(must_get(key, "kty"), "RSA", 3) == 0 ? rsa_public(key)
                                                            : ec_public(key);
    json_object_put(answer);
    return made;
}
