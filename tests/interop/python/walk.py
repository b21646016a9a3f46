# SPDX-License-Identifier: MIT
"""What the walks of the Python SDKs share: the steps and how they are told,
the clients as an application makes them, and the environment that the
emulator wrote."""

import contextlib
import json
import os
import traceback
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential

ENDPOINT = os.environ["MHSM_ENDPOINT"]
CA = os.environ["MHSM_CA_FILE"]
# The tier of the Key Vault that the emulator is, if it is one. Its keys are in
# software, unless it is premium.
VAULT = os.environ.get("TEST_VAULT")
# The emulator's host is not under the resource that its tokens are for.
OPTIONS = {"connection_verify": CA, "verify_challenge_resource": False}

failed = 0
count = 0


class Wrong(Exception):
    """An answer that is not what the step asks for."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


@contextlib.contextmanager
def step(name):
    """One line of the table: PASS or FAIL, client and step."""
    global failed, count
    count += 1
    try:
        yield
        print(f"PASS\tpython\t{name}", flush=True)
    except Exception as e:  # every failure is the step's, whatever its kind
        failed += 1
        print(f"FAIL\tpython\t{name}\t{type(e).__name__}: {str(e)[:300]}".replace("\n", " "), flush=True)
        if not isinstance(e, (Wrong, HttpResponseError)):
            traceback.print_exc()


@contextlib.contextmanager
def refused(status, code):
    """What is inside must be refused just so."""
    try:
        yield
    except HttpResponseError as e:
        need(e.status_code == status, f"status {e.status_code}, not {status}")
        need(e.error.code == code, f"code {e.error.code}, not {code}")
    else:
        raise Wrong(f"it was not refused with {status}")


def credential(client_id, secret):
    return ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        client_id,
        secret,
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
        connection_verify=CA,
    )


def administrator():
    return credential(os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"])


def control(path, body):
    """The emulator's own port: principals and attestations for the test."""
    request = urllib.request.Request(
        f"{os.environ['MHSM_EMULATOR_CONTROL']}/{path}", json.dumps(body).encode()
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def finish():
    print(f"{count} steps, {failed} failed")
    raise SystemExit(1 if failed or not count else 0)
