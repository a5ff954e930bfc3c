"""The installation itself: whether it can be read, TLS, clock, time to answer, shape of its responses."""

import datetime
import ssl
import statistics
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from mock_solusio.preflight.client import UnreadableError
from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.rights import NEEDED_TO_READ
from mock_solusio.preflight.shapes import compare
from solusio_contracts.checking.rule import Expect
from solusio_contracts.contract.evidence import Verdict
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.url import is_loopback
from solusio_contracts.reporting.words import plural

CLOCK: Final = 30.0
"""Seconds by which two clocks may differ; a Date header has whole seconds."""
SLOW: Final = 5.0
"""Seconds for a page of a list."""
EXPIRES: Final = 14
"""Days before the end of a certificate at which to say so."""
VERDICTS: Final = {
    Verdict.CONFIRMED: "as in the contract",
    Verdict.CONTRADICTED: "otherwise",
    Verdict.MISSING: "missing",
    Verdict.UNKNOWN: "not in the contract",
    Verdict.UNSEEN: "optional and never there",
}
READS: Final[dict[str, Callable[[Installation], object]]] = {
    "getSettings": lambda site: site.settings,
    "listPlans": lambda site: site.plans,
    "listLimitGroups": lambda site: site.limit_groups,
    "listRoles": lambda site: site.roles,
    "listUsers": lambda site: site.users,
    "listServers": lambda site: site.servers,
    "listUsage": lambda site: site.usage,
}


@judgement("PF-001", title="the URL is that of a SolusIO that answers the access token")
def api_answers(site: Installation) -> Iterator[Expect | Note]:
    """Nothing else can be judged without it."""
    account = site.account
    yield Expect.that(
        isinstance(account.get("id"), int),
        "GET /api/v1/account",
        "the user of the access token",
        "an object without an integer `id`",
        site.answer("getAccount"),
    )


@judgement("PF-002", title="the access token may read what is judged here")
def token_may_read(site: Installation) -> Iterator[Expect | Note]:
    """What cannot be seen is not judged, so a token with too few rights hides mistakes."""
    refused: dict[str, Exchange | None] = {}
    looked = 0
    for operation, read in READS.items():
        try:
            read(site)
        except UnreadableError as error:
            if error.forbidden != operation:
                continue  # the judgements that need it say why it cannot be read
            refused[operation] = error.exchange
        looked += 1
    if not looked:
        return
    names = ", ".join(f"{one} (such as “{NEEDED_TO_READ[one]}”)" for one in refused)
    yield Expect.that(
        not refused,
        "access token",
        "the right to view settings, plans, limit groups, roles, users, servers and usage",
        f"refused with 403: {names}",
        next(iter(refused.values()), None),
    )


@judgement("PF-003", title="SolusIO is reached by https, with a valid certificate")
def tls_protects(site: Installation) -> Iterator[Expect | Note]:
    """The access token is sent with each request: without TLS, everybody on the way can read it."""
    parts = urllib.parse.urlsplit(site.reader.access.url)
    if parts.scheme == "http":
        if is_loopback(parts.hostname or ""):
            raise NotJudged("this machine is reached without TLS")
        yield Expect.that(False, "URL", "an https URL", "http: the access token travels unprotected")
        return
    certificate = site.reader.certificate
    if not certificate:
        raise Undecided("the certificate was not verified (--insecure)")
    ends = datetime.datetime.fromtimestamp(
        ssl.cert_time_to_seconds(str(certificate["notAfter"])), datetime.UTC
    )
    days = (ends - datetime.datetime.now(datetime.UTC)).days
    site.add_fact("Certificate", f"valid until {ends:%Y-%m-%d}, {plural(days, 'day')} from now")
    yield Expect.that(
        days >= EXPIRES,
        "certificate",
        f"valid for {EXPIRES} days or more",
        f"it ends on {ends:%Y-%m-%d}, in {plural(days, 'day')}",
    )


@judgement("PF-004", title="the clocks of SolusIO and of this machine agree")
def clocks_agree(site: Installation) -> Iterator[Expect | Note]:
    """A billing run whose clock is ahead takes a month that is still open by SolusIO's clock."""
    _ = site.account
    dated = site.dated
    if not dated:
        raise Undecided("no response has a Date header")
    # A Date says when the response was made: at most its whole time, and a second, before it had come.
    offsets = [
        0.0 if 0 <= (here - moment).total_seconds() <= seconds + 1 else (moment - here).total_seconds()
        for moment, here, seconds in dated
    ]
    offset = min(offsets, key=abs)
    text = "less than a second" if abs(offset) < 1 else _distance(offset)
    site.add_fact("Clock", f"{text} between SolusIO and this machine" if abs(offset) < 1 else text)
    yield Expect.that(abs(offset) <= CLOCK, "Date header", f"at most {CLOCK:g} seconds apart", text)


def _distance(offset: float) -> str:
    """Return how far SolusIO's clock is from that of this machine."""
    amount, side = abs(offset), "ahead of" if offset > 0 else "behind"
    for size, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if amount >= 2 * size:
            return f"SolusIO's clock is {amount / size:.0f} {unit} {side} that of this machine"
    return f"SolusIO's clock is {plural(round(amount), 'second')} {side} that of this machine"


@judgement("PF-005", title="SolusIO answers within a few seconds")
def answers_in_time(site: Installation) -> Iterator[Expect | Note]:
    """Clients wait 30 to 60 seconds in all, and an invoice run asks for page after page."""
    _ = site.account
    good = [exchange for exchange, _ in site.reader.received if exchange.status == 200]
    if not good:
        raise Undecided("no request was answered with status 200")
    slowest = max(good, key=lambda one: one.seconds)
    median = statistics.median(one.seconds for one in good)
    site.add_fact(
        "Time to answer",
        f"{1000 * median:.0f} ms as a median of {plural(len(good), 'response')}, "
        f"{1000 * slowest.seconds:.0f} ms at most",
    )
    yield Expect.that(
        slowest.seconds <= SLOW,
        slowest.description,
        f"at most {SLOW:g} seconds",
        f"{slowest.seconds:.1f} seconds",
        slowest,
    )


@judgement("PF-006", title="the responses look as the contract describes them")
def answers_as_described(site: Installation) -> Iterator[Expect | Note]:
    """Where they differ, the mock differs from this SolusIO, too: test your client against that as well."""
    _ = site.account
    # Those have judgements of their own.
    others = [one for one in site.reader.answers if one.operation not in ("listUsage", "getSettings")]
    evidence = compare(others, site.questions.overlay)
    counted = Counter(one.verdict for one in evidence)
    site.add_fact("Members of responses", ", ".join(f"{counted[one]:,} {VERDICTS[one]}" for one in counted))
    for one in evidence:
        if one.verdict is not Verdict.UNSEEN:
            actual, exchange = str(one), site.answer(one.operation)
            yield Expect.that(one.agrees, one.operation, "as in the contract", actual, exchange)
