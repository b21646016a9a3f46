# SPDX-License-Identifier: MIT
"""The Python SDKs with local RBAC and settings, and with keys that are
released and attested."""

import base64
import json
import uuid

from azure.keyvault.administration import (
    KeyVaultAccessControlClient,
    KeyVaultDataAction,
    KeyVaultPermission,
    KeyVaultRoleScope,
    KeyVaultSetting,
    KeyVaultSettingsClient,
)
from azure.keyvault.keys import KeyClient, KeyReleasePolicy
from azure.keyvault.keys.crypto import SignatureAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_private_key

from walk import ENDPOINT, OPTIONS, Wrong, administrator, control, credential, finish, need, refused, step

keys = KeyClient(ENDPOINT, administrator(), **OPTIONS)
access = KeyVaultAccessControlClient(ENDPOINT, administrator(), **OPTIONS)
settings = KeyVaultSettingsClient(ENDPOINT, administrator(), **OPTIONS)
root = KeyVaultRoleScope.GLOBAL
SETTING = "AllowKeyManagementOperationsThroughARM"


def definitions():
    """A role for a signer."""
    role = None
    with step("role definition create"):
        role = access.set_role_definition(
            root,
            role_name="Python signer",
            description="reads and signs",
            permissions=[KeyVaultPermission(data_actions=[KeyVaultDataAction.READ_HSM_KEY,
                                                          KeyVaultDataAction.SIGN_HSM_KEY])],
        )
        need(role.role_name == "Python signer" and role.role_type == "CustomRole", "name or type")
    with step("role definition list, show"):
        found = {d.name: d for d in access.list_role_definitions(root)}
        need(found[role.name].id == role.id, "not listed")
        need(found["21dbd100-6940-42c2-9190-5d6cb909625b"].role_type == "AKVBuiltInRole", "no built-in role")
        again = access.get_role_definition(root, role.name)
        need(again.permissions[0].data_actions == role.permissions[0].data_actions, "actions")
    with step("role definition update"):
        changed = access.set_role_definition(root, name=role.name, role_name="Python signer",
                                             description="changed", permissions=again.permissions)
        need(changed.description == "changed" and changed.id == role.id, "not changed")
    return role


def assignments(role):
    """A principal with that role at one key, and what it may."""
    key = keys.create_ec_key("python-signed", curve="P-256", hardware_protected=True)
    other = keys.create_ec_key("python-other", curve="P-256", hardware_protected=True)
    who = control("principals", {"name": "python signer"})
    theirs = KeyClient(ENDPOINT, credential(who["client_id"], who["client_secret"]), **OPTIONS)
    scope = f"/keys/{key.name}"
    given = None
    with step("error: wrong role"):
        with refused(403, "AccessDenied"):
            theirs.get_key(key.name)
    with step("role assignment create"):
        given = access.create_role_assignment(scope, role.id, who["oid"])
        need(given.properties.scope == scope and given.properties.principal_id == who["oid"], "properties")
        crypto = theirs.get_cryptography_client(key.name)
        signature = crypto.sign(SignatureAlgorithm.es256, bytes(32)).signature
        need(crypto.verify(SignatureAlgorithm.es256, bytes(32), signature).is_valid, "signature")
        with refused(403, "AccessDenied"):
            theirs.get_key(other.name)
    with step("role assignment list, show"):
        need(given.name in [a.name for a in access.list_role_assignments(scope)], "not listed")
        need(given.name not in [a.name for a in access.list_role_assignments(root)], "listed at /")
        need(access.get_role_assignment(scope, given.name).role_assignment_id == given.role_assignment_id, "show")
    with step("role assignment delete"):
        access.delete_role_assignment(scope, given.name)
        with refused(403, "AccessDenied"):
            theirs.get_key(key.name)
    with step("role definition delete"):
        access.delete_role_definition(root, role.name)
        with refused(404, "RoleDefinitionNotFound"):
            access.get_role_definition(root, role.name)
    with step("error: unknown role"):
        with refused(404, "RoleDefinitionNotFound"):
            access.create_role_assignment(root, role.id, who["oid"], name=uuid.uuid4())


def flags():
    with step("setting list, show"):
        need([s.name for s in settings.list_settings()] == [SETTING], "names")
        need(settings.get_setting(SETTING).getboolean() is False, "value")
    with step("setting update"):
        for value in (True, False):
            changed = settings.update_setting(KeyVaultSetting(name=SETTING, value=value))
            need(changed.getboolean() is value, f"not {value}")


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def release():
    """To an environment of ours, which opens what it gets."""
    tee = rsa.generate_private_key(65537, 2048)
    n = tee.public_key().public_numbers().n.to_bytes(256, "big")
    jwk = {"kty": "RSA", "n": base64.urlsafe_b64encode(n).decode().rstrip("="), "e": "AQAB"}
    with step("release"):
        said = control("attestations", {"x-ms-runtime": {"keys": [jwk]}, "sdk-test": True})
        grammar = {"version": "1.0.0", "anyOf": [{"authority": said["authority"],
                                                  "allOf": [{"claim": "sdk-test", "equals": True}]}]}
        policy = KeyReleasePolicy(json.dumps(grammar).encode())
        key = keys.create_ec_key("python-released", curve="P-256", hardware_protected=True,
                                 exportable=True, release_policy=policy)
        need(json.loads(key.properties.release_policy.encoded_policy) == grammar, "policy")
        answer = json.loads(unpad(keys.release_key(key.name, said["token"]).value.split(".")[1]))
        blob = json.loads(unpad(answer["response"]["key"]["key"]["key_hsm"]))
        sealed = unpad(blob["ciphertext"])
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        plain = aes_key_unwrap_with_padding(tee.decrypt(sealed[:256], oaep), sealed[256:])
        own = load_der_private_key(plain, None).public_key().public_numbers()
        need(own.x.to_bytes(32, "big") == key.key.x, "another key was released")
    with step("error: release policy"):
        said = control("attestations", {"x-ms-runtime": {"keys": [jwk]}, "sdk-test": False})
        with refused(403, "Forbidden"):
            keys.release_key(key.name, said["token"])
    with step("attestation"):
        told = keys.get_key_attestation(key.name).properties.attestation
        cert = x509.load_pem_x509_certificate(told.certificate_pem_file)
        for blob in (told.private_key_attestation, told.public_key_attestation):
            cert.public_key().verify(blob[-256:], blob[:-256], padding.PKCS1v15(), hashes.SHA256())


role = definitions()
if role is None:
    raise Wrong("no role to go on with")
assignments(role)
flags()
release()
finish()
