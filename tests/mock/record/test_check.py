"""`record --check`: a second look at what is on the disk."""

import json

import msgspec
import pytest

from mock_solusio.record.archive import (
    JsonBody,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
    RecordingReader,
    RecordingWriter,
)
from mock_solusio.record.audit import audit
from support.commands import invoke


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recorded"


@pytest.fixture
def write(folder):
    """Writes an exchange as if an anonymiser had overlooked something."""
    writer = RecordingWriter(folder, "")

    def made(value, path="/api/v1/users", replaced=None, **more):
        writer.add(
            RecordedExchange(
                number=writer.next_number(),
                moment="2026-03-01T00:00:00.000Z",
                milliseconds=1,
                request=RecordedRequest(method="GET", path=path, **more),
                response=RecordedResponse(status=200, body=JsonBody(msgspec.Raw(json.dumps(value).encode()))),
                replaced=replaced or {},
            )
        )

    return made


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("ann@real-host.de", "looks like an email address"),
        ("write to ann@real-host.de now", "looks like an email address"),
        ("https://solusio.example/?q=ann%40real-host.de", "looks like an email address"),
        ('{"a": "ann@real-host.de"}', "looks like an email address"),
        ("203.0.113.7", "looks like an IP address"),
        ("from 203.0.113.7:22", "looks like an IP address"),
        ("fd00::17", "looks like an IP address"),
        ("https://panel.real-host.de/x", "looks like a URL of a real host"),
        ("panel.real-host.de", "looks like a host"),
        ("0164fe5e-f074-48b2-a3f5-4f81f97d21e0", "looks like a uuid"),
        ("00:16:3e:aa:bb:0c", "looks like a mac"),
        ("ssh-rsa AAAAB3NzaC1yc2E ann@pc", "looks like a ssh key"),
        ("Ab3dEf6hIj9lMn2pQr5t", "looks like an access token or another random text"),
    ],
)
def test_what_should_not_be_there_is_found(write, folder, value, problem):
    write({"data": [{"note": value}]})
    found = audit(RecordingReader(folder))
    assert len(found.warnings) == 1
    place, _, told = found.warnings[0].partition(": ")
    assert place.startswith("000001.json response.body/data/*/note")
    assert told == problem
    assert value not in found.warnings[0]


def test_it_looks_at_names_paths_queries_and_headers_too(write, folder):
    write({"ann@real-host.de": 1})
    write({}, path="/api/v1/users/Ab3dEf6hIj9lMn2pQr5t")
    write({}, query=[("filter[search]", "ann@real-host.de")])
    write({}, headers=[("authorization", "Bearer Ab3dEf6hIj9lMn2pQr5t")])
    assert [line.split(": ")[0] for line in audit(RecordingReader(folder)).warnings] == [
        "000001.json response.body",
        "000002.json request.path",
        "000003.json request.query/filter[search]",
        "000004.json request.headers/authorization",
    ]


def test_what_is_ours_is_no_alarm(write, folder):
    ours = {
        "a": "ann.1a2b3c@west-cd033f.example",
        "b": "241.80.220.203",
        "c": "2001:db8:9242:90a5:350c:1bb9:5212:1f61",
        "d": "https://solusio.example/api/v1/users?page=2",
        "e": "255.255.255.0",
        "f": "2019-08-27T13:04:39.000000Z",
        "g": "The email has already been taken.",
        "secret": "Ab3dEf6hIj9lMn2pQr5t",
    }
    write(ours, replaced={"response.body/secret": {"secret": 1}})
    assert audit(RecordingReader(folder)).warnings == []


def test_the_command_names_everything(write, folder):
    write({"odd_thing": 1}, replaced={"response.body/a": {"mail": 3, "ssh_key": 1}})
    result = invoke("record", "--check", str(folder))
    assert (result.exit_code, result.output) == (
        0,
        f"1 exchange in {folder}.\n"
        "\nReplaced:\n  mail       3\n  ssh key    1\n"
        "\nKept names that are not in the OpenAPI document; make sure that none of them is a secret:\n"
        "  odd_thing\n"
        "\nNothing looks like an email address, an IP address, a host or a credential.\n",
    )
    write({"ip": "203.0.113.7"})
    result = invoke("record", "--check", str(folder))
    assert result.exit_code == 1
    assert "Check these:\n  000002.json response.body/ip: looks like an IP address\n" in result.output
