"""The process of the billing system: which of its requests are logged."""

import json
import urllib.error
import urllib.request

from mock_solusio.demo.billing_system import BillingSystem


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_only_requests_that_begin_later_are_logged():
    lines: list[str] = []
    with BillingSystem(
        port=0, solusio_url="http://127.0.0.1:9", access_token="a", authorization_token="b"
    ) as billing:
        url = billing.url()
        # The line of the last one may still be on its way when logging starts.
        earlier = [status_of(f"{url}?page={number}") for number in range(20)]
        billing.log_from_now(lines.append)
        later = status_of(f"{url}?later")
    assert set(earlier) == {later}
    assert [json.loads(line)["query"] for line in lines] == ["later"]
