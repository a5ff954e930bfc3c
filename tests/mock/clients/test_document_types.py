"""The API document gives clients the JSON types that they decode: where one reads an int, it says integer."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from solusio_contracts.contract import documents

HERE = Path(__file__).parent

GO_SDK = {
    "login": "Login",
    "getAccount": "User",
    "listUsers": "[User]",
    "createUser": "User",
    "replaceUser": "User",
    "listRoles": "[Role]",
    "createRole": "Role",
    "getRole": "Role",
    "listPermissions": "[Permission]",
    "listPlans": "[Plan]",
    "createPlan": "Plan",
    "getPlan": "Plan",
    "replacePlan": "Plan",
    "listLocations": "[Location]",
    "createLocation": "Location",
    "getLocation": "Location",
    "replaceLocation": "Location",
    "updateLocation": "Location",
    "listOsImages": "[OsImage]",
    "createOsImage": "OsImage",
    "getOsImage": "OsImage",
    "replaceOsImage": "OsImage",
    "listOsImageVersions": "[OsImageVersion]",
    "createOsImageVersion": "OsImageVersion",
    "getOsImageVersion": "OsImageVersion",
    "replaceOsImageVersion": "OsImageVersion",
    "listApplications": "[Application]",
    "createApplication": "Application",
    "listProjects": "[Project]",
    "createProject": "Project",
    "getProject": "Project",
    "replaceProject": "Project",
    "listProjectServers": "[VirtualServer]",
    "createProjectServer": "VirtualServer",
    "listServers": "[VirtualServer]",
    "createServer": "VirtualServer",
    "getServer": "VirtualServer",
    "updateServer": "VirtualServer",
    "updateServerSettings": "VirtualServer",
    "createComputeResourceServer": "VirtualServer",
    "listServerDisks": "[Disk]",
    "deleteServer": "Task",
    "startServer": "Task",
    "stopServer": "Task",
    "restartServer": "Task",
    "resizeServer": "Task",
    "listServerBackups": "[Backup]",
    "createServerBackup": "Backup",
    "getBackup": "Backup",
    "restoreBackup": "Task",
    "createServerSnapshot": "Snapshot",
    "getSnapshot": "Snapshot",
    "deleteSnapshot": "Task",
    "revertSnapshot": "Task",
    "listTasks": "[Task]",
    "getTask": "Task",
    "listSshKeys": "[SSHKey]",
    "createSshKey": "SSHKey",
    "getSshKey": "SSHKey",
    "listIcons": "[Icon]",
    "getIcon": "Icon",
    "listIpBlocks": "[IPBlock]",
    "createIpBlock": "IPBlock",
    "getIpBlock": "IPBlock",
    "replaceIpBlock": "IPBlock",
    "createIpBlockIp": "IPAddress",
    "listComputeResources": "[ComputeResource]",
    "createComputeResource": "ComputeResource",
    "getComputeResource": "ComputeResource",
    "updateComputeResource": "ComputeResource",
    "getComputeResourceSettings": "ComputeResourceSettings",
    "replaceComputeResourceSettings": "ComputeResourceSettings",
    "listComputeResourceNetworks": "[ComputeResourceNetwork]",
    "listComputeResourcePhysicalVolumes": "[PhysicalVolume]",
    "listComputeResourceThinPools": "[ThinPool]",
    "listComputeResourceInstallSteps": "[InstallStep]",
    "listComputeResourceStorages": "[Storage]",
    "createComputeResourceStorage": "Storage",
    "getStorage": "Storage",
    "listStorageTypes": "[StorageType]",
    "listBackupNodes": "[BackupNode]",
    "createBackupNode": "BackupNode",
    "getBackupNode": "BackupNode",
    "replaceBackupNode": "BackupNode",
    "createServersMigration": "ServersMigration",
    "getServersMigration": "ServersMigration",
    "getSettings": "Settings",
    "updateSettings": "Settings",
    "activateLicense": "License",
    "listActivityLogs": "[ActivityLog]",
    "listIsoImages": "[ISOImage]",
    "listLanguages": "[Language]",
}
"""What the Go SDK decodes the `data` of an operation into."""

RUNETECH = {
    "listPlans": "[Plan]",
    "listServers": "[Server]",
    "createServer": "Server",
    "getServer": "Server",
    "listComputeResources": "[ComputeResource]",
    "getComputeResource": "ComputeResource",
    "listIsoImages": "[IsoImage]",
    "createUser": "User",
    "listUserProjects": "[Project]",
}

JSON_TYPES = {
    "int": {"integer"},
    "float": {"integer", "number"},
    "str": {"string"},
    "bool": {"boolean"},
}
PYTHON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def variants(whole: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas of which a value fits one, apart from that of null; `allOf` is merged."""
    schema = documents.resolve(whole, schema)
    for part in schema.get("allOf", ()):
        merged = documents.resolve(whole, part)
        properties = {**merged.get("properties", {}), **schema.get("properties", {})}
        schema = {**merged, **schema, "properties": properties}
    for key in ("anyOf", "oneOf"):
        if key in schema:
            for one in schema[key]:
                yield from variants(whole, one)
            return
    if types_of(schema) != {"null"}:
        yield schema


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that a schema allows, as far as it says so."""
    if "type" in schema:
        given = schema["type"]
        return {given} if isinstance(given, str) else set(given)
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {"null" if value is None else PYTHON_TYPES[type(value)] for value in values}


class Walk:
    """Compares the types of a client with the document."""

    def __init__(self, types: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        self.types = types
        self.whole = whole
        self.integers = 0

    def problems(self, schema: Mapping[str, Any], kind: str, place: str) -> Iterator[str]:
        """Yield where the document allows what the client cannot decode; unknown members are fine."""
        kind = kind.removesuffix("?")
        for one in variants(self.whole, schema):
            types = types_of(one) - {"null"}
            if kind in JSON_TYPES:
                self.integers += kind == "int"
                if not types or not types <= JSON_TYPES[kind]:
                    yield f"{place}: {sorted(types)}, the client reads {kind}"
            elif kind.startswith("["):
                if types != {"array"}:
                    yield f"{place}: {sorted(types)}, the client reads a list"
                else:
                    yield from self.problems(one.get("items", {}), kind[1:-1], f"{place}[]")
            elif kind != "any":
                if types != {"object"}:
                    yield f"{place}: {sorted(types)}, the client reads {kind}"
                yield from self.members(one, kind, place)

    def members(self, schema: Mapping[str, Any], kind: str, place: str) -> Iterator[str]:
        described = schema.get("properties", {})
        members = self.types[kind]
        if "_values" in members:
            members = dict.fromkeys(described, members["_values"])
            if isinstance(schema.get("additionalProperties"), dict):
                yield from self.problems(
                    schema["additionalProperties"], self.types[kind]["_values"], f"{place}.*"
                )
        for name, member in members.items():
            if name in described:
                yield from self.problems(described[name], member, f"{place}.{name}")


@pytest.mark.parametrize(
    ("file", "operation", "kind"),
    [
        *(("go_sdk.toml", operation, kind) for operation, kind in GO_SDK.items()),
        *(("runetech.toml", operation, kind) for operation, kind in RUNETECH.items()),
    ],
)
def test_the_document_allows_only_what_the_client_decodes(file, operation, kind):
    found = documents.operation(operation)
    whole = documents.document(found.document)
    (status,) = (int(key) for key in found.node["responses"] if key.startswith("2"))
    data = documents.response_schema(operation, status)["properties"]["data"]
    walk = Walk(tomllib.loads((HERE / file).read_text()), whole)
    assert list(walk.problems(data, kind, kind)) == []
    assert walk.integers or kind in ("Login", "ComputeResourceSettings", "[PhysicalVolume]", "[ThinPool]")
