"""Step 7: billing integration is on, and asks the endpoint that was checked."""

import urllib.parse
from collections.abc import Iterator
from typing import Any, Final

from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.shapes import compare
from mock_solusio.preflight.words import shown_url
from solusio_contracts.checking.rule import Expect, shown
from solusio_contracts.contract.evidence import Verdict
from solusio_contracts.http.exchange import FailureKind
from solusio_contracts.http.url import Origin, is_loopback

CUSTOM: Final = "custom"
"""The type and the driver of a custom billing system, as the contract assumes."""


@judgement("PF-040", title="billing integration is on, with a custom billing system")
def billing_is_on(site: Installation) -> Iterator[Expect | Note]:
    """Without it, SolusIO asks nobody for prices."""
    kind = _integration(site).get("type")
    exchange = site.settings_answer.exchange
    expected = f"billing integration of the type “Custom billing” (`{CUSTOM}`)"
    if isinstance(kind, str) and kind and kind.casefold() not in (CUSTOM, "whmcs"):
        # Nobody public shows the word for it.
        yield Note(f"The type is “{kind}”, which the contract does not know. Compare it with the panel.")
        yield Expect.that(True, "billing_integration.type", expected, kind, exchange)
        return
    actual = "off" if kind in (None, "") else shown(kind)
    yield Expect.that(kind == CUSTOM, "billing_integration.type", expected, actual, exchange)


@judgement("PF-041", title="billing integration has the URL of an endpoint")
def billing_url_is_set(site: Installation) -> Iterator[Expect | Note]:
    """SolusIO sends its question to exactly this URL."""
    url = _url(site)
    exchange = site.settings_answer.exchange
    if not url and not _integration(site).get("type"):
        raise NotJudged("billing integration is off")
    problem = _wrong_with(url)
    if not problem:
        site.add_fact("Billing endpoint", shown_url(url))
    yield Expect.that(
        not problem, "URL of the billing endpoint", "an http(s) URL", problem or shown_url(url), exchange
    )


@judgement("PF-042", title="the URL that is set is that of the endpoint that was checked")
def billing_url_is_checked(site: Installation) -> Iterator[Expect | Note]:
    """`check` says nothing about another URL, and a slash is enough to make it another one."""
    wanted = site.questions.billing_url
    if wanted is None:
        raise NotJudged(
            "give --check-report FILE or --billing-url URL to compare it with the endpoint you checked"
        )
    url = _url(site)
    exchange = site.settings_answer.exchange
    parts = _different(wanted, url)
    yield Expect.that(
        not parts,
        "URL of the billing endpoint",
        shown_url(wanted),
        f"{shown_url(url) or 'none'} ({parts})" if parts else shown_url(url),
        exchange,
    )
    if site.questions.checked:
        yield Expect.that(False, "the check of this endpoint", "conformant", site.questions.checked, exchange)


@judgement("PF-043", title="the endpoint can be reached")
def billing_url_is_reachable(site: Installation) -> Iterator[Expect | Note]:
    """An endpoint behind a firewall, or on a developer's machine, works in every test but the real one."""
    url = _url(site)
    if _wrong_with(url):
        raise NotJudged("no URL of an endpoint is set")
    here = Origin.of(site.reader.access.url)
    if is_loopback(Origin.of(url).host) and not is_loopback(here.host):
        yield Expect.that(
            False, shown_url(url), "a host that SolusIO can reach", "the machine of SolusIO itself"
        )
        return
    exchange = site.reader.elsewhere(url)
    found = exchange.failure_text or f"status {exchange.status}"
    reached = exchange.status is not None or exchange.failure is FailureKind.PROTOCOL
    yield Note(f"A GET from this machine got: {found}. Whether SolusIO reaches it, only SolusIO can tell.")
    yield Expect.that(reached, shown_url(url), "an HTTP response", found, exchange)
    if Origin.of(url).scheme == "http" and not is_loopback(Origin.of(url).host):
        yield Expect.that(
            False,
            shown_url(url),
            "an https URL",
            "http: the authorization token and the customers' discounts travel unprotected",
        )


@judgement("TP-113", title="an authorization token is set")
def authorization_token_is_set(site: Installation) -> Iterator[Expect | Note]:
    """It is optional, but without one anybody can ask for the discounts of a customer."""
    if _wrong_with(_url(site)):
        raise NotJudged("no URL of an endpoint is set")
    driver = _driver(site)
    if "token" not in driver:
        raise Undecided("the settings do not show whether there is one")
    yield Expect.that(
        bool(driver["token"]),
        "authorization token",
        "one that the endpoint requires",
        "none",
        site.settings_answer.exchange,
    )


@judgement("PF-044", title="the settings look as the contract describes them")
def settings_as_described(site: Installation) -> Iterator[Expect | Note]:
    """No public client shows these settings for a custom billing system."""
    settings = site.settings
    integration = settings.get("billing_integration")
    if isinstance(integration, dict):
        drivers = integration.get("drivers")
        names = ", ".join(sorted(drivers)) if isinstance(drivers, dict) else shown(drivers)
        site.add_fact(
            "Billing settings",
            f"billing_integration has {', '.join(sorted(integration))}; drivers: {names or 'none'}",
        )
    latest = settings.get("latest_version", settings.get("latest-version"))
    if isinstance(latest, str):
        site.add_fact(
            "Version", f"the latest is {latest}, say the settings; no operation shows the installed one"
        )
    exchange = site.settings_answer.exchange
    for one in compare([site.settings_answer], site.questions.overlay):
        if one.verdict is not Verdict.UNSEEN:
            yield Expect.that(one.agrees, "settings", "as in the contract", str(one), exchange)


def _integration(site: Installation) -> dict[str, Any]:
    found = site.settings.get("billing_integration")
    if not isinstance(found, dict):
        raise Undecided("the settings have no billing_integration")
    return found


def _driver(site: Installation) -> dict[str, Any]:
    """Return the settings of the driver in use; without one, of the custom one."""
    integration = _integration(site)
    drivers = integration.get("drivers")
    if not isinstance(drivers, dict):
        return {}
    driver = drivers.get(str(integration.get("type") or CUSTOM))
    return driver if isinstance(driver, dict) else {}


def _url(site: Installation) -> str:
    driver = _driver(site)
    url = driver.get("url")
    if url is None and _integration(site).get("type"):
        raise Undecided("the settings do not show the URL of the billing endpoint")
    return url if isinstance(url, str) else ""


def _wrong_with(url: str) -> str:
    """Return what is wrong with the URL of an endpoint; empty if nothing is."""
    if not url:
        return "none"
    try:
        Origin.of(url)
    except ValueError:
        return "something that is not an http(s) URL with a host"
    return ""


def _different(wanted: str, url: str) -> str:
    """Return which parts of two URLs differ; empty if they are the same."""
    if wanted == url:
        return ""
    one, other = urllib.parse.urlsplit(wanted), urllib.parse.urlsplit(url)
    names = ("scheme", "netloc", "path", "query")
    words = {"scheme": "http or https", "netloc": "host or port", "path": "path", "query": "query"}
    parts = [words[name] for name in names if getattr(one, name) != getattr(other, name)]
    if parts == ["path"] and one.path.rstrip("/") == other.path.rstrip("/"):
        return "another slash at the end"
    return f"another {', '.join(parts)}" if parts else "written differently"
