"""Sequences of calls over the whole document: no 5xx, no answer that the document does not describe.

schemathesis makes the sequences: ids that one answer shows become parameters of later calls. The budget
here is small; `nox -s stateful` spends a large one.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mock_solusio.clock import Clock
from mock_solusio.moment import DAY, SECOND, parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from solusio_contracts.contract import documents

EXAMPLES = int(os.environ.get("MOCK_SOLUSIO_STATEFUL_EXAMPLES", "8"))
STEPS = int(os.environ.get("MOCK_SOLUSIO_STATEFUL_STEPS", "20"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def running() -> Iterator[Solusio]:
    clock = Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0)
    with started(Options(clock=clock, seed="stateful", strict=True)) as solusio:
        yield solusio


def populate(solusio: Solusio) -> None:
    """Make some of everything, so that small ids exist."""
    for number in range(3):
        user = solusio.create_user(billing_user_id=100 + number)
        server = solusio.create_server(user=user["id"])
        solusio.call("POST", f"servers/{server['id']}/snapshots", {"name": "before"})
        solusio.call("POST", f"servers/{server['id']}/backups")
        solusio.call("POST", f"servers/{server['id']}/ips", {"count": 1})
        solusio.settle()
        solusio.call("POST", "ssh_keys", {"name": "laptop", "body": SSH_KEY, "user_id": user["id"]})
        solusio.call("POST", f"users/{user['id']}/tokens", {})


def control(solusio: Solusio, path: str, body: dict[str, Any]) -> None:
    """Call the control API: only the server's own thread may use the store while it runs."""
    solusio.client.post(f"{solusio.url}/_mock/{path}", json=body).raise_for_status()


SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DMROmtE0H/x4ZrHLGCVPCfRZmqNNK9s ann@example.com"

REFERENCES = ("plan", "location", "os", "application", "user", "project", "compute_resource", "role", "roles")


def brought_near(name: str, value: Any) -> Any:
    """Return a small id in the place of most ids that were drawn: ids that exist lead further."""
    if isinstance(value, list):
        return [brought_near(name, one) for one in value]
    if type(value) is not int or not (name.endswith(("_id", "_ids")) or name in REFERENCES):
        return value
    return value if value % 5 == 0 else value % 4 + 1


# What a sequence must not do to itself: take away the access token it acts with, or make itself wait.
WITHOUT = {"logout", "login"}


def test_sequences_of_calls_stay_within_the_document(running):
    schema = schemathesis.openapi.from_dict(deepcopy(dict(documents.document("solusio-api"))))
    schema = schema.exclude(lambda context: context.operation.definition.raw["operationId"] in WITHOUT)
    schema.config.update(base_url=f"{running.url}/api/v1")
    machine = schema.as_state_machine()
    populate(running)
    control(running, "snapshots", {"name": "before"})
    statuses: dict[str, set[int]] = {}

    class Sequence(machine):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            control(running, "snapshots/before/restore", {"clock": False})

        def before_call(self, case: Any) -> None:
            for holder in (case.path_parameters, case.body):
                if isinstance(holder, dict):
                    holder.update({name: brought_near(name, value) for name, value in holder.items()})

        def get_call_kwargs(self, _: Any) -> dict[str, Any]:
            # A little time passes, so that tasks end; sometimes much, so that what is short-lived expires.
            running.clock.advance(SECOND if len(statuses) % 7 else DAY)
            return {"headers": {"Authorization": f"Bearer {running.admin_token}"}}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            statuses.setdefault(case.operation.definition.raw["operationId"], set()).add(response.status_code)
            case.validate_response(response, checks=CHECKS)

    Sequence.run(
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize="MOCK_SOLUSIO_STATEFUL_EXAMPLES" not in os.environ,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )
    # It went somewhere: many operations, and most of the time with success.
    succeeded = [name for name, seen in statuses.items() if min(seen) < 300]
    assert len(succeeded) > len(statuses) / 2 > 20, statuses
