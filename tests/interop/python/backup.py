# SPDX-License-Identifier: MIT
"""The Python SDK's backup client: full and selective, with a SAS token and with
the managed identity, and the checks before them."""

import os

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.administration import KeyVaultBackupClient
from azure.keyvault.keys import KeyClient

from walk import ENDPOINT, OPTIONS, Wrong, administrator, finish, need, refused, step

CONTAINER = f"{os.environ['TEST_STORAGE']}/backups"
SAS = os.environ["TEST_STORAGE_SAS"]

keys = KeyClient(ENDPOINT, administrator(), **OPTIONS)
backups = KeyVaultBackupClient(ENDPOINT, administrator(), **OPTIONS)


def gone(name):
    try:
        keys.get_key(name)
    except ResourceNotFoundError:
        return True
    return False


def purge(name):
    keys.begin_delete_key(name).wait()
    keys.purge_deleted_key(name)


folder = None
kid = keys.create_rsa_key("python-kept", hardware_protected=True).id
with step("backup: check"):
    backups.begin_pre_backup(CONTAINER, sas_token=SAS, _polling_interval=0.3).wait()
with step("backup"):
    poller = backups.begin_backup(CONTAINER, sas_token=SAS, _polling_interval=0.3)
    with refused(409, "Conflict"):
        backups.begin_backup(CONTAINER, sas_token=SAS)
    folder = poller.result().folder_url
    need(folder.startswith(f"{CONTAINER}/mhsm-localhost-"), f"folder {folder}")
    need(poller.status() == "Succeeded", f"status {poller.status()}")
with step("backup by identity"):
    poller = backups.begin_backup(CONTAINER, use_managed_identity=True, _polling_interval=0.3)
    token = poller.continuation_token()
    again = backups.begin_backup(CONTAINER, use_managed_identity=True, continuation_token=token,
                                 _polling_interval=0.3)
    need(again.result().folder_url.startswith(CONTAINER), "the resumed poller has no folder")
if folder is None:
    raise Wrong("no backup to go on with")
with step("restore: one key"):
    purge("python-kept")
    need(gone("python-kept"), "it is still there")
    backups.begin_restore(folder, sas_token=SAS, key_name="python-kept", _polling_interval=0.3).wait()
    need(keys.get_key("python-kept").id == kid, "another key came back")
with step("restore: check"):
    backups.begin_pre_restore(folder, sas_token=SAS, _polling_interval=0.3).wait()
with step("restore"):
    keys.create_ec_key("python-later", hardware_protected=True)
    backups.begin_restore(folder, use_managed_identity=True, _polling_interval=0.3).wait()
    need(gone("python-later"), "what was made after the backup is still there")
    need(keys.get_key("python-kept").id == kid, "another key came back")
with step("error: no such container"):
    try:
        backups.begin_backup(f"{CONTAINER}-none", use_managed_identity=True, _polling_interval=0.3).result()
    except HttpResponseError as e:
        need("ContainerNotFound" in str(e), f"told as: {e}")
    else:
        raise Wrong("it was not told")
with step("error: SAS without its end"):
    with refused(400, "BadRequest"):
        backups.begin_backup(CONTAINER, sas_token="sv=1&sig=a")
finish()
