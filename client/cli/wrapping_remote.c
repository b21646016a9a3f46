/* SPDX-License-Identifier: MIT
 *
 * Keys of holders that cannot be read, only used.
 */
#include "cli/wrapping_remote.h"

#include <string.h>
#include <unistd.h>

#include "cli/wrapping.h"

#define OAEP "RSA-OAEP-256"

static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

int cli_is_key_uri(const char *text)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return scheme > 1 && text[scheme] == ':' && strchr(letters, text[0]) &&
           access(text, F_OK) != 0;
}

static int is_of_hsm(const char *uri)
{
    static const char *const schemes[] = {"mhsm:", "managedhsm:", "https:"};
    size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0)
            return 1;
    return 0;
}

/* A key in an HSM, and the client that reaches it. */
struct remote {
    mhsm_client *client; /* borrowed from the command */
    mhsm_key *key;
};

static void remote_free(void *context)
{
    struct remote *remote = context;

    if (remote == NULL)
        return;
    mhsm_key_free(remote->key);
    mhsmi_free(remote);
}

static mhsm_status remote_get(struct cli *cli, const char *text,
                              struct remote **remote, mhsm_error **err)
{
    struct remote *made = mhsmi_alloc(sizeof(*made));
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if (made == NULL) {
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    if ((st = cli_connect(cli, err)) == MHSM_OK &&
        (st = mhsm_uri_parse(cli->client, text, &uri, err)) == MHSM_OK) {
        made->client = cli->client;
        st = mhsm_uri_name(uri) != NULL
                 ? mhsm_key_get(cli->client, uri, &made->key, err)
                 : mhsmi_error(err, MHSM_ERR_ARGUMENT, "it names no key");
    }
    mhsm_uri_free(uri);
    if (st == MHSM_OK)
        *remote = made;
    else
        remote_free(made);
    return st;
}

static mhsm_status take(const mhsm_result *result, unsigned char *out,
                        size_t *out_size, mhsm_error **err)
{
    size_t size;
    const unsigned char *data = mhsm_result_data(result, &size);

    if (size == 0 || size > *out_size)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the HSM's answer has %zu octets", size);
    memcpy(out, data, size);
    *out_size = size;
    return MHSM_OK;
}

static mhsm_status decrypt(void *context, const unsigned char *data,
                           size_t size, unsigned char *out, size_t *out_size,
                           mhsm_error **err)
{
    const struct remote *remote = context;
    int unwrap = (mhsm_key_operations(remote->key) & MHSM_OP_DECRYPT) == 0;
    mhsm_result *result = NULL;
    mhsm_error *failure = NULL;
    mhsm_status st = unwrap ? mhsm_unwrap(remote->client, remote->key, OAEP,
                                          data, size, &result, &failure)
                            : mhsm_decrypt(remote->client, remote->key, OAEP,
                                           data, size, NULL, &result, &failure);

    if (st == MHSM_OK)
        st = take(result, out, out_size, &failure);
    mhsm_result_free(result);
    if (st == MHSM_ERR_REJECTED) {
        /* The HSM's word for a ciphertext that is not the key's. */
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "the private key does not open it: %s",
                         mhsm_error_message(failure));
        mhsm_error_free(&failure);
    } else if (st != MHSM_OK && err != NULL) {
        *err = failure;
    } else {
        mhsm_error_free(&failure);
    }
    return st;
}

static mhsm_status sign(void *context, const unsigned char *digest, size_t size,
                        unsigned char *out, size_t *out_size, mhsm_error **err)
{
    const struct remote *remote = context;
    mhsm_result *result = NULL;
    mhsm_status st = mhsm_sign(remote->client, remote->key, "RS256", digest,
                               size, &result, err);

    if (st == MHSM_OK)
        st = take(result, out, out_size, err);
    mhsm_result_free(result);
    return st;
}

static mhsm_status no_certificate(const char *what, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_ARGUMENT,
                    "none of the certificates of --cert is of %s", what);

    mhsmi_error_set_hint(err, "give the holder's certificate with --cert; a "
                              "key that was rotated is named with its version");
    return st;
}

static mhsm_status in_hsm(struct cli *cli, const char *uri,
                          const struct cli_certificates *certificates,
                          mhsm_wrapping_key **key, mhsm_error **err)
{
    struct remote *remote = NULL;
    mhsm_result *spki = NULL;
    mhsm_status st;
    size_t i = 0;

    if ((st = remote_get(cli, uri, &remote, err)) == MHSM_OK &&
        (st = mhsm_key_spki(remote->key, &spki, err)) == MHSM_OK) {
        size_t size;
        const unsigned char *data = mhsm_result_data(spki, &size);

        while (i < certificates->count &&
               !mhsm_wrapping_certificate_has_key(certificates->items[i], data,
                                                  size))
            i++;
        st = i < certificates->count
                 ? mhsm_wrapping_key_remote(certificates->items[i], decrypt,
                                            remote_free, remote, key, err)
                 : no_certificate(mhsm_key_uri(remote->key), err);
    }
    mhsm_result_free(spki);
    if (st != MHSM_OK)
        remote_free(remote);
    return st;
}

struct asked {
    struct cli_passwords *passwords;
    const char *uri;
};

static mhsm_status ask(void *context, char *text, size_t size, mhsm_error **err)
{
    const struct asked *asked = context;
    struct mhsmi_buf password;
    mhsm_status st =
        cli_passwords_next(asked->passwords, asked->uri, 0, &password, err);

    if (st == MHSM_OK && password.size >= size)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT, "the password is too long");
    if (st == MHSM_OK)
        memcpy(text, mhsmi_buf_text(&password), password.size + 1);
    mhsmi_buf_clear(&password);
    return st;
}

static mhsm_status at_provider(const char *provider, const char *uri,
                               struct cli_passwords *passwords,
                               const struct cli_certificates *certificates,
                               mhsm_wrapping_key **key, mhsm_error **err)
{
    const mhsm_wrapping_certificate *list[CLI_TAGS_MAX];
    struct asked asked = {passwords, uri};
    size_t i;

    for (i = 0; i < certificates->count; i++)
        list[i] = certificates->items[i];
    return mhsm_wrapping_key_stored(provider, uri, ask, &asked, list,
                                    certificates->count, key, err);
}

mhsm_status cli_wrapping_key_remote(struct cli *cli, const char *uri,
                                    struct cli_passwords *passwords,
                                    mhsm_wrapping_key **key, mhsm_error **err)
{
    const char *provider = cli->values[CLI_KEY_PROVIDER];
    struct cli_certificates certificates;
    mhsm_status st =
        cli_certificates_read(cli, CLI_CERT, "--cert", &certificates, err);

    if (st != MHSM_OK) {
        cli_certificates_free(&certificates);
        return st;
    }
    if (provider != NULL)
        st = at_provider(provider, uri, passwords, &certificates, key, err);
    else if (is_of_hsm(uri))
        st = in_hsm(cli, uri, &certificates, key, err);
    else
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "it is neither a file nor a key in an HSM; name the "
                         "OpenSSL provider that has it with --key-provider");
    cli_certificates_free(&certificates);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "--key %s", uri);
    return st;
}

mhsm_status cli_wrapping_certify(struct cli *cli, const char *uri,
                                 const char *name, unsigned int days,
                                 mhsm_result **pem, mhsm_error **err)
{
    struct remote *remote = NULL;
    mhsm_result *spki = NULL;
    const unsigned char *data;
    mhsm_status st;
    size_t size;

    if (!is_of_hsm(uri))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "it is no key in an HSM (mhsm:...)");
    else if ((st = remote_get(cli, uri, &remote, err)) == MHSM_OK &&
             (st = mhsm_key_spki(remote->key, &spki, err)) == MHSM_OK) {
        data = mhsm_result_data(spki, &size);
        st = mhsm_wrapping_certificate_generate(name, days, data, size, sign,
                                                remote, pem, err);
    }
    mhsm_result_free(spki);
    remote_free(remote);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "--holder %s=%s", name, uri);
    return st;
}
