# SPDX-License-Identifier: MIT
"""One use of a key by the Python SDK, for what crosses from one client to
another: the files are octets, signatures of EC keys are DER as OpenSSL's."""

import hashlib
import sys

from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from walk import ENDPOINT, OPTIONS, administrator

keys = KeyClient(ENDPOINT, administrator(), **OPTIONS)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def digest(algorithm, path):
    return hashlib.new("sha" + algorithm[2:5], read(path)).digest()


def create(name):
    print(keys.create_ec_key(name, curve="P-256", hardware_protected=True).id)


def sign(name, algorithm, message, out):
    crypto = keys.get_cryptography_client(name)
    raw = crypto.sign(SignatureAlgorithm(algorithm), digest(algorithm, message)).signature
    if algorithm.startswith("ES"):
        half = len(raw) // 2
        raw = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    write(out, raw)


def verify(name, algorithm, message, signature):
    raw = read(signature)
    if algorithm.startswith("ES"):
        width = {"256": 32, "384": 48, "512": 66}[algorithm[2:5]]
        raw = b"".join(n.to_bytes(width, "big") for n in decode_dss_signature(raw))
    crypto = keys.get_cryptography_client(name)
    if not crypto.verify(SignatureAlgorithm(algorithm), digest(algorithm, message), raw).is_valid:
        raise SystemExit("the signature does not hold")


def encrypt(name, algorithm, plain, out):
    crypto = keys.get_cryptography_client(name)
    write(out, crypto.encrypt(EncryptionAlgorithm(algorithm), read(plain)).ciphertext)


def restore(path):
    print(keys.restore_key_backup(read(path)).id)


uses = {use.__name__: use for use in (create, sign, verify, encrypt, restore)}
uses[sys.argv[1]](*sys.argv[2:])
