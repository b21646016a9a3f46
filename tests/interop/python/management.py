# SPDX-License-Identifier: MIT
"""The Python SDK of the management plane: HSMs as resources of Azure."""

import json
import os
import urllib.request

from azure.mgmt.keyvault import KeyVaultManagementClient

from walk import CA, administrator, control, finish, need, refused, step

PLANE = os.environ["MHSM_MANAGEMENT_ENDPOINT"]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
GROUP, NAME, PLACE = "emulator", "py-hsm", "westeurope"

client = KeyVaultManagementClient(
    administrator(),
    SUBSCRIPTION,
    base_url=PLANE,
    credential_scopes=["https://management.azure.com/.default"],
    connection_verify=CA,
    polling_interval=1,
)
hsms = client.managed_hsms


def me():
    url = f"{os.environ['MHSM_EMULATOR_CONTROL']}/principals"
    with urllib.request.urlopen(url, timeout=30) as answer:
        found = json.load(answer)["principals"]
    return next(p["oid"] for p in found if p["name"] == "administrator")


def body(**properties):
    return {
        "location": PLACE,
        "sku": {"family": "B", "name": "Standard_B1"},
        "tags": {"made": "here"},
        "properties": {"initialAdminObjectIds": [me()], "softDeleteRetentionInDays": 7, **properties},
    }


def get():
    return hsms.get(GROUP, NAME)


control("work", {"ms": 300})
with step("hsm check name"):
    need(hsms.check_mhsm_name_availability({"name": NAME}).name_available, "not available")
    taken = hsms.check_mhsm_name_availability({"name": "localhost"})
    need(not taken.name_available and taken.reason == "AlreadyExists", f"reason {taken.reason}")
uri = None
with step("hsm create"):
    made = hsms.begin_create_or_update(GROUP, NAME, body()).result()
    need(made.properties.provisioning_state == "Succeeded", made.properties.provisioning_state)
    need(made.tags == {"made": "here"}, "tags")
    need(made.properties.security_domain_properties.activation_status == "NotActivated", "activation")
    uri = made.properties.hsm_uri
with step("hsm get, list"):
    need(get().id.endswith(f"/managedHSMs/{NAME}"), "id")
    need({h.name for h in hsms.list_by_subscription(top=1)} == {NAME, "localhost"}, "of the subscription")
    need(NAME in [h.name for h in hsms.list_by_resource_group(GROUP)], "of the group")
with step("hsm update"):
    changed = hsms.begin_update(
        GROUP, NAME, {"tags": {"team": "a"}, "properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    ).result()
    need(changed.tags == {"team": "a"}, "tags")
    need(changed.properties.network_acls.default_action == "Deny", "networkAcls")
    need(changed.properties.soft_delete_retention_in_days == 7, "retention")
with step("hsm region"):
    hsms.begin_update(GROUP, NAME, {"properties": {"regions": [{"name": "northeurope"}]}}).result()
    regions = list(client.mhsm_regions.list_by_resource(GROUP, NAME))
    need([(r.name, r.is_primary) for r in regions] == [(PLACE, True), ("northeurope", False)], "regions")
    hsms.begin_update(GROUP, NAME, {"properties": {"regions": [{"name": PLACE}]}}).result()
    need(not list(client.mhsm_regions.list_by_resource(GROUP, NAME)), "the region is still there")
with step("hsm private endpoint"):
    links = client.mhsm_private_endpoint_connections
    control("private-endpoints", {"hsm": NAME, "name": "office", "address": "127.0.0.9"})
    link = links.get(GROUP, NAME, "office")
    need(link.properties.private_link_service_connection_state.status == "Pending", "status")
    link.properties.private_link_service_connection_state.status = "Approved"
    need(links.put(GROUP, NAME, "office", link).properties.private_link_service_connection_state.status == "Approved", "approved")
    need([x.name for x in links.list_by_resource(GROUP, NAME)] == ["office"], "list")
    links.begin_delete(GROUP, NAME, "office").result()
    need(not list(links.list_by_resource(GROUP, NAME)), "it is still there")
    groups = client.mhsm_private_link_resources.list_by_mhsm_resource(GROUP, NAME).value
    need(groups[0].properties.group_id == "managedhsm", "group id")
with step("hsm delete"):
    hsms.begin_delete(GROUP, NAME).result()
    with refused(404, "ResourceNotFound"):
        get()
    need(NAME in [h.name for h in hsms.list_deleted()], "not listed as deleted")
    gone = hsms.get_deleted(NAME, PLACE).properties
    need((gone.scheduled_purge_date - gone.deletion_date).days == 7, "scheduled_purge_date")
with step("hsm recover"):
    back = hsms.begin_create_or_update(GROUP, NAME, body(createMode="recover")).result()
    need(back.properties.hsm_uri == uri, "another URI")
with step("hsm purge"):
    hsms.begin_delete(GROUP, NAME).result()
    hsms.begin_purge_deleted(NAME, PLACE).result()
    need(NAME not in [h.name for h in hsms.list_deleted()], "it is still there")
with step("error: hsm"):
    with refused(400, "AccountNameInvalid"):
        hsms.begin_create_or_update(GROUP, "a--b", body())
    with refused(400, "BadRequest"):
        hsms.begin_create_or_update(GROUP, NAME, body(softDeleteRetentionInDays=6))
    with refused(404, "ResourceGroupNotFound"):
        hsms.begin_create_or_update("none", NAME, body())
finish()
