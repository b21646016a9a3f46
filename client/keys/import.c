/* SPDX-License-Identifier: MIT
 *
 * Importing keys, in the open or sealed.  The body holds secrets: it is wiped,
 * whatever becomes of it, and sent once.
 */
#include "mhsm/import.h"

#include <string.h>

#include "base/error.h"
#include "keys/material.h"
#include "keys/members.h"
#include "keys/request.h"

enum { package_max = 64 * 1024 };

static const struct mhsmi_key_request import_request = {
    .method = "PUT",
    .collection = "keys",
    .doing = "import key",
    .action = "keys/import/action",
    .retry = MHSMI_RETRY_ONCE,
};

/* What is imported, one or the other. */
struct source {
    const mhsm_material *material;
    const unsigned char *package;
    size_t package_size;
};

static struct json_object *make_body(const struct source *source,
                                     const char *kty, const mhsm_key_spec *spec,
                                     const mhsm_key_change *members)
{
    struct json_object *body = json_object_new_object();
    struct json_object *jwk = json_object_new_object();
    const mhsm_material *material = source->material;
    unsigned int operations = members->operations;
    int is_software = strchr(kty, '-') == NULL;

    if (material != NULL && operations == 0)
        operations = material->operations;
    if (mhsmi_json_add(body, "key", jwk) &&
        mhsmi_json_add(body, "Hsm", json_object_new_boolean(!is_software)) &&
        mhsmi_json_add_string(jwk, "kty", kty) &&
        (material != NULL
             ? mhsmi_material_to_jwk(material, jwk)
             : mhsmi_json_add_octets(jwk, "key_hsm", source->package,
                                     source->package_size)) &&
        mhsmi_members_add_operations(jwk, operations) &&
        mhsmi_members_add(body, members, spec->exportable))
        return body;
    mhsmi_json_wipe(body);
    return NULL;
}

static mhsm_status import(mhsm_client *client, const mhsm_uri *uri,
                          const struct source *source,
                          const mhsm_key_spec *spec, mhsm_key **key,
                          mhsm_error **err)
{
    mhsm_key_change members = mhsmi_members_of(spec);
    mhsm_status st = mhsmi_members_check(&members, err);
    struct json_object *body;
    const char *kty;

    if (st != MHSM_OK)
        return st;
    /* What comes sealed is for an HSM, whoever has it. */
    kty = source->material != NULL
              ? mhsmi_members_type(client, uri, source->material->type,
                                   spec->hardware)
              : mhsm_key_type_name(spec->type);
    body = make_body(source, kty, spec, &members);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_key_request_key(client, uri, &import_request, body, key, err);
    mhsmi_json_wipe(body);
    return st;
}

mhsm_status mhsm_key_import(mhsm_client *client, const mhsm_uri *uri,
                            const mhsm_material *material,
                            const mhsm_key_spec *spec, mhsm_key **key,
                            mhsm_error **err)
{
    static const mhsm_key_spec plain = MHSM_KEY_SPEC_INIT;
    struct source source = {material, NULL, 0};

    if (material == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no key to import");
    return import(client, uri, &source, spec != NULL ? spec : &plain, key, err);
}

/* The package is for the HSM; that it is one at all can be seen from here. */
static mhsm_status check_package(const unsigned char *package, size_t size,
                                 mhsm_error **err)
{
    struct json_object *parsed = mhsmi_json_parse(package, size);
    int is_package =
        mhsmi_json_string(parsed, "schema_version") != NULL &&
        mhsmi_json_string(parsed, "ciphertext") != NULL &&
        mhsmi_json_string(mhsmi_json_object(parsed, "header"), "kid") != NULL;

    json_object_put(parsed);
    if (is_package)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "the transfer package is not a JSON object with the "
                       "members schema_version, header and ciphertext");
}

mhsm_status mhsm_key_import_byok(mhsm_client *client, const mhsm_uri *uri,
                                 const unsigned char *package,
                                 size_t package_size, const mhsm_key_spec *spec,
                                 mhsm_key **key, mhsm_error **err)
{
    struct source source = {NULL, package, package_size};
    mhsm_status st;

    if (package == NULL || package_size == 0 || package_size > package_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a transfer package has 1 to %d octets",
                           (int)package_max);
    if (spec == NULL ||
        (spec->type != MHSM_KEY_RSA && spec->type != MHSM_KEY_EC &&
         spec->type != MHSM_KEY_OCT))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a sealed key needs a type: RSA, EC or oct");
    st = check_package(package, package_size, err);
    if (st == MHSM_OK)
        st = import(client, uri, &source, spec, key, err);
    if (st == MHSM_ERR_REJECTED)
        mhsmi_error_set_hint(err, "the package must be sealed for a key of "
                                  "this HSM that is enabled and has the one "
                                  "operation import, and hold a key of the "
                                  "type given");
    return st;
}
