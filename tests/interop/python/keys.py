# SPDX-License-Identifier: MIT
"""The Python SDKs walk the whole life of RSA, EC and oct keys."""

import hashlib
import os
import sys
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.keys import (
    JsonWebKey,
    KeyClient,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import EncryptionAlgorithm as Enc
from azure.keyvault.keys.crypto import KeyWrapAlgorithm as Wrap
from azure.keyvault.keys.crypto import SignatureAlgorithm as Sig
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from walk import ENDPOINT, OPTIONS, VAULT, administrator, finish, need, refused, step

keys = KeyClient(ENDPOINT, administrator(), **OPTIONS)
prefix = "python-"

SIGNATURES = {
    "rsa": [Sig.rs256, Sig.rs384, Sig.rs512, Sig.ps256, Sig.ps384, Sig.ps512],
    "ec": [Sig.es256],
    "oct": [Sig.hs256, Sig.hs384, Sig.hs512],
}
CURVES = {"P-384": Sig.es384, "P-521": Sig.es512, "P-256K": Sig.es256_k}
CIPHERS = {"rsa": [Enc.rsa1_5, Enc.rsa_oaep, Enc.rsa_oaep_256], "oct": [Enc.a256_gcm, Enc.a256_cbc]}
EVERY = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"]
HARDWARE = VAULT != "standard"
TYPES = {"rsa": "RSA", "ec": "EC"}
if HARDWARE:
    TYPES = {kind: f"{name}-HSM" for kind, name in TYPES.items()}
if not VAULT:
    TYPES["oct"] = "oct-HSM"
DAYS, LEVEL = (90, "Recoverable+Purgeable") if VAULT else (7, "CustomizedRecoverable+Purgeable")


def create(kind, name, **more):
    more["hardware_protected"] = HARDWARE
    if kind == "rsa":
        return keys.create_rsa_key(name, size=2048, **more)
    if kind == "ec":
        return keys.create_ec_key(name, curve="P-256", **more)
    return keys.create_oct_key(name, size=256, **{"key_operations": EVERY, **more})


def digest(algorithm, message):
    if algorithm in (Sig.hs256, Sig.hs384, Sig.hs512):
        return message
    bits = algorithm.value.rstrip("K")[-3:]
    return hashlib.new(f"sha{bits}", message).digest()


def sign(key, algorithm):
    """The server signs; RSA and EC signatures are verified by the SDK with the
    public key, those of oct keys by the server."""
    crypto = keys.get_cryptography_client(key.name, key_version=key.properties.version)
    value = digest(algorithm, b"a message")
    signature = crypto.sign(algorithm, value).signature
    need(crypto.verify(algorithm, value, signature).is_valid, f"{algorithm.value}: not valid")
    other = digest(algorithm, b"another message")
    need(not crypto.verify(algorithm, other, signature).is_valid, f"{algorithm.value}: valid for another")


def encrypt(key, algorithm):
    crypto = keys.get_cryptography_client(key.name)
    more = {}
    if algorithm is Enc.a256_gcm:
        more["additional_authenticated_data"] = b"aad"
    if algorithm is Enc.a256_cbc:
        more["iv"] = os.urandom(16)
    text = b"thirty-two octets of plain text."
    sealed = crypto.encrypt(algorithm, text, **more)
    need(sealed.ciphertext != text, "nothing was encrypted")
    if algorithm is Enc.a256_gcm:
        need(len(sealed.iv) == 12 and len(sealed.tag) == 16, "iv and tag")
        more.update(iv=sealed.iv, authentication_tag=sealed.tag)
    need(crypto.decrypt(algorithm, sealed.ciphertext, **more).plaintext == text, algorithm.value)


def wrap(key, algorithm):
    crypto = keys.get_cryptography_client(key.name)
    dek = os.urandom(32)
    wrapped = crypto.wrap_key(algorithm, dek).encrypted_key
    need(crypto.unwrap_key(algorithm, wrapped).key == dek, algorithm.value)


def update(kind, name):
    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=400)
    key = keys.update_key_properties(
        name, tags={"team": "a"}, expires_on=expires, key_operations=["sign", "verify"]
    )
    need(key.properties.tags == {"team": "a"}, "tags")
    need(key.properties.expires_on == expires, "expires_on")
    need(sorted(key.key_operations) == ["sign", "verify"], "key_operations")
    key = keys.update_key_properties(name, tags={}, key_operations=EVERY if kind != "ec" else ["sign", "verify"])
    need(not key.properties.tags, "tags were not removed")


def versions(name, expected):
    pages = list(keys.list_properties_of_key_versions(name, max_page_size=1).by_page())
    found = [v.version for page in pages for v in page]
    need(len(pages) == expected, f"{len(pages)} pages of one")
    need(len(set(found)) == expected, f"{len(found)} versions")


def policy(name):
    before = keys.get_key_rotation_policy(name)
    first = [a.action.value for a in before.lifetime_actions]
    need(first == (["Notify"] if VAULT else []), f"to begin with: {first}")
    action = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_before_expiry="P30D")
    keys.update_key_rotation_policy(name, KeyRotationPolicy(lifetime_actions=[action], expires_in="P90D"))
    after = keys.get_key_rotation_policy(name)
    need(after.expires_in == "P90D", "expires_in")
    need(after.lifetime_actions[0].time_before_expiry == "P30D", "time_before_expiry")
    need(after.lifetime_actions[0].action == KeyRotationPolicyAction.rotate, "action")


def rotate(name):
    before = keys.get_key(name)
    after = keys.rotate_key(name)
    need(after.properties.version != before.properties.version, "no new version")
    need(after.key_type == before.key_type, "another type")
    same = (after.key.n, after.key.x) == (before.key.n, before.key.x)
    need(same == (before.key_type.value == "oct-HSM"), "the same key")
    days = (after.properties.expires_on - after.properties.created_on).days
    need(days in (89, 90), f"expires after {days} days")
    need(keys.get_key(name).properties.version == after.properties.version, "not the latest")


def deleted(name):
    poller = keys.begin_delete_key(name)
    gone = poller.result()
    poller.wait()
    need(gone.recovery_id.endswith(f"/deletedkeys/{name}"), "recovery_id")
    need((gone.scheduled_purge_date - gone.deleted_date).days == DAYS, "scheduled_purge_date")
    need(name in [k.name for k in keys.list_deleted_keys()], "not listed as deleted")
    need(keys.get_deleted_key(name).name == name, "get_deleted_key")
    with refused(404, "KeyNotFound"):
        keys.get_key(name)


def imported(kind, name):
    number = lambda n: n.to_bytes((n.bit_length() + 7) // 8, "big")
    if kind == "oct":
        jwk = JsonWebKey(kty="oct-HSM", k=os.urandom(32), key_ops=EVERY)
    elif kind == "ec":
        own = ec.generate_private_key(ec.SECP256R1()).private_numbers()
        wide = lambda n: n.to_bytes(32, "big")
        point = own.public_numbers
        jwk = JsonWebKey(kty=TYPES[kind], crv="P-256", x=wide(point.x), y=wide(point.y),
                         d=wide(own.private_value), key_ops=["sign", "verify"])
    else:
        own = rsa.generate_private_key(65537, 2048).private_numbers()
        jwk = JsonWebKey(kty=TYPES[kind], n=number(own.public_numbers.n), e=number(65537), d=number(own.d),
                         p=number(own.p), q=number(own.q), dp=number(own.dmp1), dq=number(own.dmq1),
                         qi=number(own.iqmp), key_ops=EVERY)
    key = keys.import_key(name, jwk, hardware_protected=HARDWARE, tags={"from": "outside"})
    need(key.key_type.value == TYPES[kind], f"type {key.key_type}")
    need(key.properties.tags == {"from": "outside"}, "tags")
    if kind != "oct":
        need(key.key.n == jwk.n and key.key.x == jwk.x, "another public key")
    sign(key, SIGNATURES[kind][0])


def life(kind):
    name = prefix + kind
    key = None
    with step(f"{kind} create"):
        key = create(kind, name, tags={"made": "here"})
        need(key.key_type.value == TYPES[kind], f"type {key.key_type}")
        need(key.properties.tags == {"made": "here"}, "tags")
        need(key.properties.recovery_level == LEVEL, "recovery_level")
    with step(f"{kind} get"):
        need(keys.get_key(name).id == key.id, "another id")
        need(keys.get_key(name, key.properties.version).id == key.id, "by its version")
    with step(f"{kind} update"):
        update(kind, name)
    with step(f"{kind} sign, verify"):
        for algorithm in SIGNATURES[kind]:
            sign(key, algorithm)
        if kind == "ec":
            for curve, algorithm in CURVES.items():
                sign(keys.create_ec_key(f"{name}-{curve}", curve=curve, hardware_protected=HARDWARE), algorithm)
    if kind in CIPHERS:
        with step(f"{kind} encrypt, decrypt"):
            for algorithm in CIPHERS[kind]:
                encrypt(key, algorithm)
    if kind == "rsa":
        with step(f"{kind} wrap, unwrap"):
            wrap(key, Wrap.rsa_oaep)
            wrap(key, Wrap.rsa_oaep_256)
    with step(f"{kind} new version"):
        need(create(kind, name).id != key.id, "the same id")
    with step(f"{kind} list versions"):
        versions(name, 2)
    with step(f"{kind} rotation policy"):
        policy(name)
    with step(f"{kind} rotate"):
        rotate(name)
    blob = b""
    with step(f"{kind} backup"):
        blob = keys.backup_key(name)
        need(len(blob) > 100, "a short backup")
    with step(f"{kind} delete"):
        deleted(name)
    with step(f"{kind} recover"):
        need(keys.begin_recover_deleted_key(name).result().name == name, "name")
        versions(name, 3)
    with step(f"{kind} purge"):
        keys.begin_delete_key(name).wait()
        keys.purge_deleted_key(name)
        with refused(404, "KeyNotFound"):
            keys.get_deleted_key(name)
    with step(f"{kind} restore"):
        need(keys.restore_key_backup(blob).name == name, "name")
        versions(name, 3)
        need(keys.get_key(name, key.properties.version).id == key.id, "a version is missing")
    with step(f"{kind} import"):
        imported(kind, name + "-imported")


def lists():
    """More keys than the largest page has."""
    with step("list keys"):
        names = {f"{prefix}many-{i}" for i in range(27)}
        for name in names:
            create("ec", name)
        pages = [[k.name for k in page] for page in keys.list_properties_of_keys().by_page()]
        need(max(map(len, pages)) == 25, "pages of 25")
        need(names <= {n for page in pages for n in page}, "some are missing")


def vault():
    """What a Key Vault has not."""
    with step("error: no AES keys"):
        with refused(400, "BadParameter"):
            keys.create_oct_key(prefix + "oct", size=256, hardware_protected=HARDWARE)
    with step("error: no random bytes"):
        with refused(404, "NotFound"):
            keys.get_random_bytes(8)
    if not HARDWARE:
        with step("error: no HSM"):
            with refused(400, "BadParameter"):
                keys.create_ec_key(prefix + "hsm", curve="P-256", hardware_protected=True)


def random_bytes():
    with step("random bytes"):
        first, second = keys.get_random_bytes(128), keys.get_random_bytes(128)
        need(len(first) == len(second) == 128 and first != second, "not random")
        with refused(400, "BadParameter"):
            keys.get_random_bytes(129)


def errors():
    with step("error: missing key"):
        with refused(404, "KeyNotFound"):
            keys.get_key(prefix + "none")
        try:
            keys.get_key(prefix + "none")
        except ResourceNotFoundError as e:
            need(("Activity ID" in e.message) != bool(VAULT), "activity id")
    with step("error: disabled key"):
        key = create("rsa", prefix + "disabled")
        crypto = keys.get_cryptography_client(key.name)
        sealed = crypto.encrypt(Enc.rsa_oaep, b"x")
        keys.update_key_properties(key.name, enabled=False)
        with refused(403, "Forbidden"):
            crypto.decrypt(Enc.rsa_oaep, sealed.ciphertext)
    with step("error: bad parameter"):
        with refused(400, "BadParameter"):
            keys.create_rsa_key(prefix + "odd", size=1234, hardware_protected=HARDWARE)
        with refused(400, "BadParameter"):
            keys.restore_key_backup(b"no backup")
    with step("error: deleted name"):
        name = prefix + "taken"
        create("ec", name)
        keys.begin_delete_key(name).wait()
        with refused(409, "Conflict"):
            create("ec", name)


for one in sys.argv[1:] or TYPES:
    life(one)
lists()
if VAULT:
    vault()
else:
    random_bytes()
errors()
finish()
