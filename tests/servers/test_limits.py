"""A limit in front of the endpoint trips during the check."""

import re


def test_too_few_connections_for_a_crowd(haproxy, judge):
    """HAProxy lets one request at a time through, and no other wait; each takes a tenth of a second."""
    limited = {"backend_options": "timeout queue 10ms", "server_options": "maxconn 1"}
    with haproxy(**limited) as url:
        judged = judge(url.replace("index.php", "slow.php"), "--only", "crowd", "--only", "answered")
    assert judged.exit == 1, judged.output
    assert re.search(r"50 requests at once.*status 503", judged.first.title), judged.output
    assert "`maxconn`" in judged.first.advice
