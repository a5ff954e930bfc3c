"""A limit in front of the endpoint trips during the check.

Each limit counts requests and does not recover during a test, so that no test depends on the speed of the
machine.
"""

import re

import pytest

from solusio_contracts.reporting.report import Outcome

EARLY, LATE = 5, 200
"""Requests that pass before the limit trips: during the first rules, or when most have been decided."""


def nginx_limit(requests, status):
    """Return a limit of one request per minute, of which so many may come at once."""
    return {
        "http": "limit_req_zone $binary_remote_addr zone=address:1m rate=1r/m;",
        "server": f"limit_req zone=address burst={requests} nodelay; limit_req_status {status};",
    }


def haproxy_limit(requests, status):
    """Return a limit on the number of requests of an address."""
    lines = [
        "stick-table type ip size 1k expire 1h store http_req_cnt",
        "http-request track-sc0 src",
        f"http-request deny deny_status {status} if {{ sc_http_req_cnt(0) gt {requests} }}",
    ]
    return {"frontend": "\n    ".join(lines)}


def undecided_by(judged, status):
    """Check that the first finding names the limit, and that nothing is judged by its answers."""
    report = judged.report
    assert judged.exit == 3, judged.output
    assert report.with_outcome(Outcome.FAIL) == (), judged.output
    assert report.with_outcome(Outcome.ERROR), judged.output
    first = judged.first
    assert re.search(rf"after \d+ requests in [\d.]+ s .*valid requests.*\b{status}\b", first.title), first
    assert "limit_req" in first.advice, first
    assert "SolusIO" in first.advice, first
    assert report.statuses[str(status)] > 0


@pytest.mark.parametrize(("requests", "status"), [(EARLY, 503), (LATE, 429)])
def test_limit_req_of_nginx(requests, status, nginx, judge):
    with nginx(**nginx_limit(requests, status)) as url:
        undecided_by(judge(url), status)


@pytest.mark.parametrize(("requests", "status"), [(EARLY, 429), (LATE, 403)])
def test_a_stick_table_of_haproxy(requests, status, haproxy, judge):
    with haproxy(**haproxy_limit(requests, status)) as url:
        undecided_by(judge(url), status)


def test_too_few_connections_for_a_crowd(haproxy, judge):
    """HAProxy lets one request at a time through, and no other wait; each takes a tenth of a second."""
    limited = {"backend_options": "timeout queue 10ms", "server_options": "maxconn 1"}
    with haproxy(**limited) as url:
        judged = judge(url.replace("index.php", "slow.php"), "--only", "crowd", "--only", "answered")
    assert judged.exit == 1, judged.output
    assert re.search(r"50 requests at once.*status 503", judged.first.title), judged.output
    assert "`maxconn`" in judged.first.advice
