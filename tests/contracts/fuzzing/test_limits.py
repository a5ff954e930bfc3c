"""Where fuzzing ends: endpoints that hang or go away, and its time."""

import os
import subprocess
import sys
import time
import urllib.parse

from solusio_contracts.fuzzing import campaign, search
from solusio_contracts.reporting.report import Outcome
from support.fuzzing import TOKEN, USERS, Form, Reply, correct, float_cast, run

# Limits


def test_an_endpoint_that_hangs_ends_the_run(serve):
    def judge(form: Form) -> Reply:
        if form.get("action") != ["GetTokenPricing"]:
            endpoint.endpoint.released.wait(60)
        return correct(form)

    endpoint = serve(judge)
    results = run(endpoint.target(timeout=1.0), examples=100)
    invalid = results["fuzz-invalid-data"]
    assert {one.clause for one in invalid.findings} == {"TP-402"}
    assert invalid.notes[-1].endswith("3 requests got no response in time")
    forms = [urllib.parse.parse_qs(body.decode(), True) for body in endpoint.bodies]
    assert sum(form.get("action") != ["GetTokenPricing"] for form in forms) == search.HANGS


def test_an_endpoint_that_goes_away_is_a_finding_and_ends_the_run(serve):
    def judge(form: Form) -> Reply:
        if form.get("action") != ["GetTokenPricing"]:
            endpoint.endpoint.stop()
            return None
        return correct(form)

    endpoint = serve(judge)
    results = run(endpoint.target(), examples=100)
    (finding,) = results["fuzz-invalid-data"].findings
    assert finding.clause == "TP-403"
    # The last request that it received, whatever was tried after that.
    assert finding.request.partition("\n\n")[2].replace("${MOCK_SOLUSIO_TOKEN}", "s3cr3t-token%261") == (
        endpoint.bodies[-1].decode()
    )


def test_an_endpoint_that_goes_away_is_named_by_each_family(serve):
    def judge(_: Form) -> Reply:
        endpoint.endpoint.stop()
        return None

    endpoint = serve(judge)
    results = run(endpoint.target(token=None), examples=100)
    for result in results.values():
        assert [one.clause for one in result.findings] == ["TP-403"]
        assert "stopped accepting connections" in result.notes[-1]


def test_the_time_is_kept_and_said(serve):
    def judge(form: Form) -> Reply:
        endpoint.endpoint.released.wait(0.05)
        return correct(form)

    endpoint = serve(judge)
    target = endpoint.target()
    began = time.monotonic()
    # At most twenty a second: all of them would take 500 s.
    results = run(target, examples=10_000, seconds=2.0)
    assert time.monotonic() - began < 60
    assert all("the time is up" in result.notes[0] for result in results.values())
    # At least 50 ms each, both families in 2 s; the first of each may start late, none may start after.
    assert sum(result.checks for result in results.values()) <= 41


def test_no_examples_is_not_a_pass(serve):
    endpoint = serve(correct)
    results = run(endpoint.target(token=None), examples=0)
    assert {result.outcome for result in results.values()} == {Outcome.SKIP}
    assert not endpoint.bodies


def test_only_one_family_uses_all_examples(serve):
    results = run(serve(correct).target(), examples=30, families=(campaign.INVALID,))
    assert [(name, result.checks) for name, result in results.items()] == [("fuzz-invalid-data", 30)]


def test_nothing_is_printed_and_nothing_is_left_behind(serve, tmp_path):
    endpoint = serve(float_cast)
    program = (
        "from solusio_contracts.fuzzing import campaign\n"
        "from solusio_contracts.checking.target import TargetSettings, Target\n"
        f"settings = TargetSettings(url='{endpoint.url}', users={USERS}, "
        f"token={TOKEN!r}, fuzz_examples=60, fuzz_seconds=120)\n"
        "target = Target(settings)\n"
        "for family in (campaign.VALID, campaign.INVALID):\n"
        "    for _ in campaign.expectations(target, family): pass\n"
    )
    folders = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program],
        cwd=tmp_path,
        env={**os.environ, **folders, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(endpoint.bodies) >= 61
    assert list(tmp_path.iterdir()) == []
