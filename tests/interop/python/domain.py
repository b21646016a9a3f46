# SPDX-License-Identifier: MIT
"""The Python SDK for security domains, one call at a time:

domain.py exchange FILE                    the exchange certificate in PEM
domain.py download FILE QUORUM CERT...     the security domain
domain.py upload FILE                      a restore blob
"""

import base64
import json
import ssl
import sys

from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import CertificateInfo, SecurityDomain, SecurityDomainJsonWebKey
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from walk import ENDPOINT, OPTIONS, administrator, need

client = SecurityDomainClient(ENDPOINT, administrator(), **OPTIONS)


def exchange(path):
    """The service sends text where the SDK's model has an object."""
    key = client.get_transfer_key()
    need(key["key_format"] == "jwk", "the format of the key")
    jwk = key["transfer_key"]
    jwk = json.loads(jwk) if isinstance(jwk, str) else jwk
    with open(path, "w", encoding="ascii") as file:
        file.write(ssl.DER_cert_to_PEM_cert(base64.b64decode(jwk["x5c"][0])))


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value):
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def holder(path):
    with open(path, "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    public = certificate.public_key().public_numbers()
    der = certificate.public_bytes(serialization.Encoding.DER)
    return SecurityDomainJsonWebKey(
        kid=certificate.subject.rfc4514_string(), kty="RSA", key_ops=["verify", "encrypt", "wrapKey"],
        alg="RSA-OAEP-256", n=number(public.n), e=number(public.e), x5_c=[base64.b64encode(der).decode()],
        x5_t=text(certificate.fingerprint(hashes.SHA1())),  # the thumbprint's own algorithm
        x5_t_s256=text(certificate.fingerprint(hashes.SHA256())))


def download(path, quorum, *certificates):
    body = CertificateInfo(certificates=[holder(name) for name in certificates], required=int(quorum))
    domain = client.begin_download(body).result()
    with open(path, "w", encoding="utf-8") as file:
        file.write(domain.value)
    need(client.get_download_status().status == "Success", "the status")


def upload(path):
    with open(path, encoding="utf-8") as file:
        client.begin_upload(SecurityDomain(value=file.read())).result()
    need(client.get_upload_status().status == "Success", "the status")


{"exchange": exchange, "download": download, "upload": upload}[sys.argv[1]](*sys.argv[2:])
