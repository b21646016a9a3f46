/* SPDX-License-Identifier: MIT
 *
 * The six operations with a key in the HSM, from one table.  What cannot work
 * is refused before it costs a request; what comes back must be about this
 * very key version and of the one possible size.  Text, digest and result are
 * wiped wherever they pass.
 */
#include "mhsm/crypto.h"

#include <string.h>

#include "auth/body.h"
#include "auth/session.h"
#include "auth/transport.h"
#include "base/error.h"
#include "base/result.h"
#include "keys/api_version.h"
#include "keys/fit.h"
#include "keys/jwk.h"
#include "keys/twin.h"

enum { path_max = 512, result_max = 768 * 1024 };

static const struct operation {
    unsigned int bit;
    const char *verb;   /* last segment of the path */
    const char *doing;  /* for messages, with the key's name */
    const char *action; /* local RBAC */
} operations[] = {
    {MHSM_OP_SIGN, "sign", "sign with key",
     "Microsoft.KeyVault/managedHsm/keys/sign/action"},
    {MHSM_OP_VERIFY, "verify", "verify with key",
     "Microsoft.KeyVault/managedHsm/keys/verify/action"},
    {MHSM_OP_ENCRYPT, "encrypt", "encrypt with key",
     "Microsoft.KeyVault/managedHsm/keys/encrypt/action"},
    {MHSM_OP_DECRYPT, "decrypt", "decrypt with key",
     "Microsoft.KeyVault/managedHsm/keys/decrypt/action"},
    {MHSM_OP_WRAP, "wrapkey", "wrap with key",
     "Microsoft.KeyVault/managedHsm/keys/wrap/action"},
    {MHSM_OP_UNWRAP, "unwrapkey", "unwrap with key",
     "Microsoft.KeyVault/managedHsm/keys/unwrap/action"},
};

/* One operation under way: borrowed inputs, and the members they travel in. */
struct job {
    mhsm_client *client;
    const mhsm_key *key;
    const struct operation *operation;
    const char *algorithm_name;
    const mhsm_algorithm *algorithm;
    const unsigned char *text; /* member "value", but "digest" for verify */
    size_t text_size;
    const mhsm_message *message; /* ML-DSA: what `text` is part of, or NULL */
    const unsigned char *signature; /* verify: member "value" */
    size_t signature_size;
    const mhsm_cipher_params *params; /* NULL: none */
    const char *served;               /* the endpoint that answered */
    unsigned char made_iv[16];        /* for CBC when the caller has none */
    size_t made_iv_size;
};

static const struct operation *find_operation(unsigned int bit)
{
    size_t i = 0;

    while (operations[i].bit != bit)
        i++;
    return &operations[i];
}

static mhsm_status prepare(struct job *job, mhsm_error **err)
{
    struct mhsmi_fit fit = {0};
    mhsm_status st;

    if (job->client == NULL || job->key == NULL ||
        job->algorithm_name == NULL ||
        (job->text == NULL && job->text_size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an operation needs a client, a key, an algorithm "
                           "and its input");
    if (mhsm_key_get_type(job->key) == MHSM_KEY_AKP) {
        st = mhsmi_api_version_require(job->client, MHSMI_API_VERSION_AKP,
                                       "keys of type AKP", err);
        if (st != MHSM_OK)
            return st;
    }
    fit.key = job->key;
    fit.operation = job->operation->bit;
    fit.text_size = job->text_size;
    fit.signature_size = job->signature_size;
    fit.params = job->params;
    st = mhsmi_fit_check(&fit, job->algorithm_name, &job->algorithm, err);
    if (st != MHSM_OK)
        return st;
    if (mhsmi_fit_makes_iv(&fit, job->algorithm)) {
        job->made_iv_size = sizeof(job->made_iv);
        if (!mhsmi_random_octets(job->made_iv, job->made_iv_size))
            return mhsmi_error(err, MHSM_ERR_INTERNAL,
                               "the kernel gives no random octets");
    }
    return MHSM_OK;
}

static int add_optional(struct mhsmi_buf *body, const char *name,
                        const unsigned char *data, size_t size)
{
    return size == 0 || mhsmi_body_add_octets(body, name, data, size);
}

/* What is signed.  A key of type AKP has its one algorithm, which is not said;
 * mu stands for message and context, and has another name. */
static int add_signed(struct mhsmi_buf *body, const struct job *job)
{
    const char *name =
        job->operation->bit == MHSM_OP_VERIFY ? "digest" : "value";
    const mhsm_message *message = job->message;

    if (message != NULL && message->mu != NULL)
        return mhsmi_body_add_octets(body, "external_mu", message->mu,
                                     MHSM_MU_SIZE);
    return mhsmi_body_add_octets(body, name, job->text, job->text_size) &&
           (message == NULL || add_optional(body, "context", message->context,
                                            message->context_size));
}

static int make_body(const struct job *job, struct mhsmi_buf *body)
{
    static const mhsm_cipher_params none = {NULL, 0, NULL, 0, NULL, 0};
    const mhsm_cipher_params *params =
        job->params != NULL ? job->params : &none;
    int verify = job->operation->bit == MHSM_OP_VERIFY;

    return (mhsm_key_get_type(job->key) == MHSM_KEY_AKP ||
            mhsmi_body_add_string(body, "alg", job->algorithm_name)) &&
           add_signed(body, job) &&
           (!verify || mhsmi_body_add_octets(body, "value", job->signature,
                                             job->signature_size)) &&
           add_optional(body, "iv", job->made_iv, job->made_iv_size) &&
           add_optional(body, "iv", params->iv, params->iv_size) &&
           add_optional(body, "aad", params->aad, params->aad_size) &&
           add_optional(body, "tag", params->tag, params->tag_size) &&
           mhsmi_body_end(body);
}

static void hint_damaged(const struct job *job, mhsm_error **err)
{
    if (err != NULL && mhsm_error_http_status(*err) == 400 &&
        (job->operation->bit & (MHSM_OP_DECRYPT | MHSM_OP_UNWRAP)) != 0)
        mhsmi_error_set_hint(err, "the ciphertext is damaged, or was made with "
                                  "another key, version or algorithm");
}

static mhsm_status vet(const void *vetted, const char *endpoint,
                       int64_t deadline_ms, mhsm_error **err)
{
    const struct job *job = vetted;

    return mhsmi_twin_check(job->client, job->key, endpoint, deadline_ms, err);
}

/* One request; *answer is the caller's to wipe. */
static mhsm_status run(struct job *job, struct json_object **answer,
                       mhsm_error **err)
{
    const mhsm_key *key = job->key;
    struct mhsmi_buf path, what, body;
    struct mhsmi_call call = {0};
    mhsm_status st;

    mhsmi_buf_init(&path, path_max);
    mhsmi_buf_init(&what, path_max);
    mhsmi_buf_init(&body, MHSMI_BODY_MAX);
    if (!mhsmi_buf_join(&path, "/keys/", key->name, "/", key->version, "/",
                        job->operation->verb, NULL) ||
        !mhsmi_buf_join(&what, job->operation->doing, " ", key->name, NULL)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    if (!make_body(job, &body)) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "cannot %s: the request is too large",
                         mhsmi_buf_text(&what));
        goto out;
    }
    call.method = "POST";
    call.endpoint = key->endpoint;
    call.path = mhsmi_buf_text(&path);
    call.text = &body;
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.what = mhsmi_buf_text(&what);
    call.action = job->operation->action;
    call.key = key->id;
    call.vet = vet;
    call.vetted = job;
    call.served = &job->served;
    st = mhsmi_session_call(mhsmi_client_session(job->client), &call, answer,
                            err);
    if (st != MHSM_OK)
        hint_damaged(job, err);
out:
    mhsmi_buf_clear(&body);
    mhsmi_buf_clear(&path);
    mhsmi_buf_clear(&what);
    return st;
}

static mhsm_status broken(const struct job *job, const char *why,
                          mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_PROTOCOL, "cannot %s %s: %s",
                       job->operation->doing, job->key->name, why);
}

/* The answer is about this very version. */
static int is_about(const struct job *job, struct json_object *answer)
{
    const mhsm_key *key = job->key;
    const char *kid = mhsmi_json_string(answer, "kid");
    char *name = NULL, *version = NULL;
    int ok;

    /* As a rule it is the key's own to the letter. */
    if (kid != NULL && key->version != NULL && job->served == key->endpoint &&
        strcmp(kid, key->id) == 0)
        return 1;
    ok = kid != NULL &&
         mhsmi_key_id_split(kid, job->served, "keys", &name, &version) &&
         version != NULL && mhsmi_jwk_is(key, name, version, NULL) == MHSM_OK;
    mhsmi_free(name);
    mhsmi_free(version);
    return ok;
}

/* An optional member: absent is fine, malformed is not. */
static int take_optional(struct json_object *answer, const char *name,
                         struct mhsmi_buf *out)
{
    struct json_object *value = NULL;

    return !json_object_object_get_ex(answer, name, &value) || value == NULL ||
           mhsmi_json_octets(answer, name, out);
}

static mhsm_status take_result(const struct job *job,
                               struct json_object *answer, mhsm_result **result,
                               mhsm_error **err)
{
    mhsm_result *made;
    mhsm_status st = MHSM_OK;

    if (!is_about(job, answer))
        return broken(job, "the answer is about another key or version", err);
    made = mhsmi_result_new(result_max);
    if (made == NULL)
        return mhsmi_error_memory(err);
    if (!mhsmi_json_octets(answer, "value", &made->data) ||
        !take_optional(answer, "iv", &made->iv) ||
        !take_optional(answer, "tag", &made->tag))
        st = broken(job, "the answer's octets are missing or malformed", err);
    else if (!mhsmi_fit_result(job->key, job->algorithm, job->operation->bit,
                               job->text_size, made->data.size))
        st = broken(job, "the result has an impossible size", err);
    else if (made->iv.size == 0 && job->made_iv_size != 0 &&
             !mhsmi_buf_append(&made->iv, job->made_iv, job->made_iv_size))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        *result = made;
    else
        mhsm_result_free(made);
    return st;
}

static mhsm_status perform(struct job *job, mhsm_result **result,
                           mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_status st = prepare(job, err);

    if (st != MHSM_OK)
        return st;
    if (result == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nowhere to put the result");
    st = run(job, &answer, err);
    if (st == MHSM_OK)
        st = take_result(job, answer, result, err);
    mhsmi_json_wipe(answer);
    return st;
}

mhsm_status mhsm_sign(mhsm_client *client, const mhsm_key *key,
                      const char *algorithm, const unsigned char *digest,
                      size_t digest_size, mhsm_result **result,
                      mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_SIGN),
                      .algorithm_name = algorithm,
                      .text = digest,
                      .text_size = digest_size};

    return perform(&job, result, err);
}

static mhsm_status ask(struct job *job, int *valid, mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_status st = prepare(job, err);
    int value;

    if (st != MHSM_OK)
        return st;
    if (valid == NULL || (job->signature == NULL && job->signature_size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "verifying needs a signature and an outcome");
    /* The service refuses what cannot be a signature; that is "not valid". */
    if (!mhsmi_fit_result(job->key, job->algorithm, MHSM_OP_SIGN,
                          job->text_size, job->signature_size)) {
        *valid = 0;
        return MHSM_OK;
    }
    st = run(job, &answer, err);
    if (st == MHSM_OK) {
        value = mhsmi_json_bool(answer, "value", -1);
        if (value < 0)
            st = broken(job, "the answer says neither true nor false", err);
        else
            *valid = value;
    }
    mhsmi_json_wipe(answer);
    return st;
}

mhsm_status mhsm_verify(mhsm_client *client, const mhsm_key *key,
                        const char *algorithm, const unsigned char *digest,
                        size_t digest_size, const unsigned char *signature,
                        size_t signature_size, int *valid, mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_VERIFY),
                      .algorithm_name = algorithm,
                      .text = digest,
                      .text_size = digest_size,
                      .signature = signature,
                      .signature_size = signature_size};

    return ask(&job, valid, err);
}

/* Either a message with a context, or mu. */
static mhsm_status take_message(struct job *job, const mhsm_message *message,
                                mhsm_error **err)
{
    const mhsm_parameter_set *set =
        job->key != NULL ? mhsm_key_parameter_set(job->key) : NULL;

    if (message == NULL || (message->data == NULL && message->size != 0) ||
        (message->context == NULL && message->context_size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no message to sign or verify");
    if (message->mu != NULL &&
        (message->size != 0 || message->context_size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "mu stands for the message and its context: give "
                           "either");
    if (message->context_size > MHSM_CONTEXT_SIZE_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a context has at most %d octets, not %zu",
                           MHSM_CONTEXT_SIZE_MAX, message->context_size);
    if (job->key != NULL && set == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "key %s is of type %s and signs digests: only AKP "
                           "keys sign messages with a context",
                           job->key->name, mhsm_key_type_name(job->key->type));
    job->algorithm_name = set != NULL ? set->name : NULL;
    job->message = message;
    job->text = message->data;
    job->text_size = message->size;
    return MHSM_OK;
}

mhsm_status mhsm_sign_message(mhsm_client *client, const mhsm_key *key,
                              const mhsm_message *message, mhsm_result **result,
                              mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_SIGN)};
    mhsm_status st = take_message(&job, message, err);

    return st != MHSM_OK ? st : perform(&job, result, err);
}

mhsm_status mhsm_verify_message(mhsm_client *client, const mhsm_key *key,
                                const mhsm_message *message,
                                const unsigned char *signature,
                                size_t signature_size, int *valid,
                                mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_VERIFY),
                      .signature = signature,
                      .signature_size = signature_size};
    mhsm_status st = take_message(&job, message, err);

    return st != MHSM_OK ? st : ask(&job, valid, err);
}

mhsm_status mhsm_encrypt(mhsm_client *client, const mhsm_key *key,
                         const char *algorithm, const unsigned char *text,
                         size_t text_size, const mhsm_cipher_params *params,
                         mhsm_result **result, mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_ENCRYPT),
                      .algorithm_name = algorithm,
                      .text = text,
                      .text_size = text_size,
                      .params = params};

    return perform(&job, result, err);
}

mhsm_status mhsm_decrypt(mhsm_client *client, const mhsm_key *key,
                         const char *algorithm, const unsigned char *text,
                         size_t text_size, const mhsm_cipher_params *params,
                         mhsm_result **result, mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_DECRYPT),
                      .algorithm_name = algorithm,
                      .text = text,
                      .text_size = text_size,
                      .params = params};

    return perform(&job, result, err);
}

mhsm_status mhsm_wrap(mhsm_client *client, const mhsm_key *key,
                      const char *algorithm, const unsigned char *dek,
                      size_t dek_size, mhsm_result **result, mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_WRAP),
                      .algorithm_name = algorithm,
                      .text = dek,
                      .text_size = dek_size};

    return perform(&job, result, err);
}

mhsm_status mhsm_unwrap(mhsm_client *client, const mhsm_key *key,
                        const char *algorithm, const unsigned char *wrapped,
                        size_t wrapped_size, mhsm_result **result,
                        mhsm_error **err)
{
    struct job job = {.client = client,
                      .key = key,
                      .operation = find_operation(MHSM_OP_UNWRAP),
                      .algorithm_name = algorithm,
                      .text = wrapped,
                      .text_size = wrapped_size};

    return perform(&job, result, err);
}
