"""`--admin-token` shows an access token that works, or none at all."""

import pytest

from mock_solusio.app import Mock
from mock_solusio.domain import access_tokens, users
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.options import Options
from support.commands import invoke

WANTED = "the-one-that-I-want"

NOWHERE = ("--host", "192.0.2.1")
"""No address of this machine: whatever is accepted by mistake does not begin to serve."""


@pytest.mark.parametrize("wanted", [" padded ", "two words", "tab\there", "schlüssel", "line\nbreak"])
def test_what_no_header_can_carry_is_refused_and_not_repeated(wanted):
    result = invoke("serve", *NOWHERE, "--admin-token", wanted)
    assert result.exit_code == 2
    assert "--admin-token" in result.output
    assert wanted.strip() not in result.output


@pytest.mark.parametrize(
    "url",
    ["http://", "https://:80", "http://[::1", "http://host:0", "http://host:99999", "file:///etc/passwd"],
)
def test_a_billing_url_without_a_host_is_refused(url):
    result = invoke("serve", *NOWHERE, "--billing-url", url)
    assert result.exit_code == 2
    assert f"expected an http or https URL, got '{url}'" in " ".join(result.output.split())


def whose(mock: Mock) -> User:
    with mock.store.transaction() as world:
        return access_tokens.authenticate(world, WANTED, "127.0.0.1")[1]


def test_a_restart_gives_the_wanted_token_to_an_active_administrator(tmp_path):
    options = Options(file=tmp_path / "state.sqlite", seed="x", admin_token=WANTED)
    mock = Mock(options)
    with mock.transaction() as world:
        second = users.create(world, email="second@example.com", roles=[ADMINISTRATOR_ROLE])
        users.update(world, world[USERS].get_or_404(1), status="locked")
    mock.close()
    mock = Mock(options)
    assert whose(mock).id == second.id
    mock.close()


@pytest.mark.parametrize("one_time", [True, False])
def test_a_customers_token_that_the_operator_wants_becomes_an_administrators(tmp_path, one_time):
    file = tmp_path / "state.sqlite"
    mock = Mock(Options(file=file, seed="x"))
    with mock.transaction() as world:
        customer = users.create(world, email="customer@example.com")
        access_tokens.issue(world, customer, one_time=one_time, secret=WANTED)
    mock.close()
    for _ in range(2):
        mock = Mock(Options(file=file, seed="x", admin_token=WANTED))
        assert ADMINISTRATOR_ROLE in whose(mock).roles
        assert ADMINISTRATOR_ROLE in whose(mock).roles  # and it lasts
        mock.close()
