"""Step 10: usage answers, looks as the contract assumes, and is metered by its rules.

Nobody public shows what `/usage` answers. What is not understood is not judged, but reported.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from mock_solusio.moment import HOUR
from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.listing import Row
from mock_solusio.preflight.metered import (
    Comparison,
    Line,
    by_clause,
    hours,
    moment_of,
    tokens,
    understood,
)
from mock_solusio.preflight.shapes import compare
from mock_solusio.preflight.words import listed
from solusio_contracts.checking.rule import Expect
from solusio_contracts.contract.evidence import Verdict
from solusio_contracts.reporting.words import plural

OURS: Final = "as the mock meters"
ASKED_ALONE: Final = 4
"""Customers whose usage is read alone, when there is too much to read all of it."""


@judgement("US-001", title="/usage answers for the last closed month")
def usage_answers(site: Installation) -> Iterator[Expect | Note]:
    """Without it there is nothing to bill."""
    usage = site.usage
    _require_everybody(site)
    exchange = site.answer("listUsage")
    yield Expect.that(
        True, f"GET /api/v1/usage for {site.month.name}", "a list of usage lines", "a list", exchange
    )
    sums = Counter[str]()
    nobody, lost = 0, 0
    for row in usage.rows:
        line = understood(row)
        sums[line.resource or "of a kind that is not understood"] += 1
        if "billing_user_id" in row and row["billing_user_id"] is None:
            nobody += 1
            lost += line.tokens or 0
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sums.most_common())
    site.add_fact(f"Usage of {site.month.name}", f"{usage.extent('lines')}" + (f": {kinds}" if kinds else ""))
    if nobody:
        site.add_fact(
            "Usage of nobody", f"{nobody:,} lines, {lost:,} tokens: their users have no billing_user_id"
        )
    outside = [
        one
        for one in map(understood, usage.rows)
        if one.since is not None and not site.month.since <= one.since < site.month.until
    ]
    yield Expect.that(
        not outside,
        "the period of the lines",
        f"from and to select the month {site.month.name}",
        f"{len(outside):,} of {len(usage.rows):,} lines begin outside it",
        exchange,
    )
    if not usage.whole:
        yield Note(usage.sampled("lines"))
    begins = [one.since for one in map(understood, usage.rows) if one.since is not None]
    site.witness("US-002", (site.month.since <= one < site.month.until for one in begins))
    _witness_sums(site)


@judgement("PF-060", title="usage lines have the members that the contract assumes")
def usage_as_described(site: Installation) -> Iterator[Expect | Note]:
    """A billing run that was built against the mock reads these members."""
    if not site.usage.rows:
        raise NotJudged(f"there are no usage lines in {site.month.name}")
    answers = [one for one in site.reader.answers if one.operation == "listUsage"]
    for one in compare(answers, site.questions.overlay):
        if one.verdict is not Verdict.UNSEEN:
            exchange = site.answer("listUsage")
            yield Expect.that(one.agrees, "listUsage", "as in the contract", str(one), exchange)


@judgement(
    "PF-061", "US-020", "US-021", "US-022", "US-023", title="lines cost what their hours and prices say"
)
def lines_cost_by_their_prices(site: Installation) -> Iterator[Expect | Note]:
    """The vendor's page says how hours, prices and cap lead to tokens (steps 2 and 3)."""
    lines = _lines(site)
    found = tokens(lines, (site.month.until - site.month.since) // HOUR)
    if not found.compared:
        raise Undecided("no usage line has integers hours, tokens_per_hour, tokens_per_month and tokens")
    for number, fits in by_clause(lines):
        site.witness(number, [fits])
    yield from _compared(site, "Tokens of a line", found)


@judgement("PF-061", "US-011", "US-012", title="hours count from creation, each started hour in full")
def hours_count_from_creation(site: Installation) -> Iterator[Expect | Note]:
    """Five minutes are an hour (step 2); where the hour begins decides about one hour in each bill."""
    _lines(site)
    month = site.month
    cases = []
    there = {server.get("id"): moment_of(server.get("created_at")) for server in site.servers.rows}
    for server_id, lines in _lines_by_server(site).items():
        own = [one for one in lines if one.resource == "server"]
        # A resize splits the hours between lines, so only a single line shows the rule.
        if len(own) != 1 or own[0].hours is None:
            continue
        begin, end = there.get(server_id), month.until
        if server_id not in there:
            if not site.servers.whole:
                continue
            # It was deleted, so only the line itself says when.
            begin, end = own[0].since, own[0].until or 0
        if begin is not None and month.since < begin < end:
            cases.append((own[0].hours, begin, end))
    if not cases:
        raise NotJudged(f"no server that was created in {month.name} has a single, understood line")
    found = hours(cases)
    site.witness("US-011", [True] * (found.compared - found.wrong) + [False] * found.wrong)
    yield from _compared(site, "Hours of a new server", found)


@judgement("PF-061", "US-010", title="servers accrue whether they run or not")
def stopped_servers_accrue(site: Installation) -> Iterator[Expect | Note]:
    """If stopped servers cost nothing here, the mock's invoices are higher than the real ones."""
    _lines(site)
    month = site.month
    full = (month.until - month.since) // HOUR
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for server, lines in _servers_with_lines(site):
        created = moment_of(server.get("created_at"))
        own = [one for one in lines if one.resource == "server"]
        hours = [one.hours for one in own if one.hours is not None]
        if created is None or created >= month.since or len(hours) < len(own):
            continue
        runs = "running" if server.get("status") == "started" else "not running"
        counted[runs]["full" if sum(hours) >= full else "less"] += 1
        # In a month that a server existed from end to end, as many hours begin as the month has.
        site.witness("US-012" if runs == "running" else "US-010", [sum(hours) == full])
    if site.usage.whole and site.servers.whole:
        there = {server.get("id") for server in site.servers.rows}
        # Without a deleted server, nothing shows that its lines would have stayed.
        site.witness("US-008", (True for one in _lines_by_server(site) if one not in there))
    if not counted:
        raise NotJudged(f"no server that is still there existed during all of {month.name}")
    for runs, counts in sorted(counted.items(), reverse=True):
        text = f"{counts['full']:,} of {counts.total():,} have all {full} hours"
        site.add_fact(f"Servers of the whole month, now {runs}", text)
        reading = "stopped servers do not accrue" if runs == "not running" else "some servers do not accrue"
        yield Expect.that(
            not counts["less"],
            f"servers that are {runs} now and existed during all of {month.name}",
            f"all {full} hours of the month, running or stopped",
            f"{counts['less']:,} of {counts.total():,} have fewer: {reading}",
            site.answer("listUsage"),
        )
    if "not running" not in counted:
        raise NotJudged("every server that existed during the whole month is running now")
    yield from _sample(site)


@judgement("PF-061", "US-030", title="additional addresses are in the usage")
def addresses_are_in_usage(site: Installation) -> Iterator[Expect | Note]:
    """What is not in the usage is billed by nobody."""
    yield from _accompanying(site, "US-030", "additional_ip", "additional addresses", _has_addresses)


@judgement("PF-061", "US-031", title="backups are in the usage")
def backups_are_in_usage(site: Installation) -> Iterator[Expect | Note]:
    """What is not in the usage is billed by nobody."""
    yield from _accompanying(site, "US-031", "backup", "backups", _has_backups)


def _accompanying(
    site: Installation, number: str, kind: str, words: str, has: Callable[[Row], bool]
) -> Iterator[Expect | Note]:
    """Judge whether usage has lines of a kind for servers that had it before the month was over, probably."""
    _lines(site)
    old = [
        (server, lines)
        for server, lines in _servers_with_lines(site)
        if has(server) and (moment_of(server.get("created_at")) or site.month.until) < site.month.since
    ]
    if not old:
        raise NotJudged(f"no server that existed before {site.month.name} shows {words}")
    without = [server for server, lines in old if not any(one.resource == kind for one in lines)]
    later = " (the others may have got them later)" if without else ""
    site.add_fact(
        f"Servers with {words} now",
        f"{len(old) - len(without):,} of {len(old):,} have usage lines for them{later}",
    )
    # A thing may be younger than the month, so a server without such a line contradicts nothing.
    site.witness(number, [True] * (len(old) - len(without)) or [False])
    yield Expect.that(
        len(without) < len(old),
        f"{plural(len(old), 'server')} with {words}",
        f"usage lines with the resource `{kind}`",
        f"none: {words} are not in the usage, or all were added after {site.month.name}",
        site.answer("listUsage"),
    )
    if without and len(without) < len(old):
        names = listed(f"server {one.get('id')}" for one in without)
        yield Note(f"Without such a line, perhaps since they are younger than {site.month.name}: {names}.")
    yield from _sample(site)


def _has_addresses(server: Row) -> bool:
    found: Any = server.get("ips")
    if not isinstance(found, list):
        addresses = server.get("ip_addresses")
        found = addresses.get("ipv4") if isinstance(addresses, dict) else None
    return (
        isinstance(found, list)
        and sum(isinstance(one, dict) and one.get("is_primary") is False for one in found) > 0
    )


def _has_backups(server: Row) -> bool:
    settings = server.get("backup_settings")
    return isinstance(settings, dict) and settings.get("enabled") is True


def _compared(site: Installation, name: str, found: Comparison) -> Iterator[Expect | Note]:
    """Tell which rule fits as a fact, and expect it to be the contract's."""
    site.add_fact(name, str(found))
    other = found.best_other
    text = f"{found.wrong:,} of {found.compared:,} lines have another number"
    if other is not None:
        text += f"; “{other.rule}” fits {other.fits:,} of {other.telling:,}"
    yield Expect.that(
        not found.wrong,
        name,
        f"{found.fits[0].rule} ({OURS})",
        text,
        site.answer("listUsage"),
    )
    yield from _sample(site)


def _witness_sums(site: Installation) -> None:
    """Note what the first page of usage says of the whole month (US-006, US-007)."""
    answer = next((one for one in site.reader.answers if one.operation == "listUsage"), None)
    meta = answer.value.get("meta") if answer is not None else None
    if not isinstance(meta, dict):
        return
    totals, lines = meta.get("totals"), [understood(row) for row in site.usage.rows]
    if isinstance(totals, dict) and site.usage.whole:
        sums = (("hours", [one.hours for one in lines]), ("tokens", [one.tokens for one in lines]))
        for name, parts in sums:
            if name in totals and None not in parts:
                site.witness("US-006", [totals[name] == sum(filter(None, parts))])
    if "closed" in meta:
        site.witness("US-007", [meta["closed"] is True])


def _lines(site: Installation) -> list[Line]:
    """Return the usage lines that were read, as far as they are understood."""
    if not site.usage.rows:
        raise NotJudged(f"there are no usage lines in {site.month.name}")
    _require_everybody(site)
    lines = [understood(row) for row in site.usage.rows]
    if not any(one.hours is not None or one.tokens is not None for one in lines):
        raise Undecided(
            "the usage lines have other members than the contract assumes; see usage-as-described"
        )
    return lines


def _require_everybody(site: Installation) -> None:
    """Raise Undecided if an access token with few rights sees its own usage only, as the contract assumes."""
    rows, own = site.usage.rows, site.account.get("id")
    if rows and all(row.get("user_id") == own for row in rows):
        raise Undecided("all usage lines belong to the user of the access token, who may see no others")


def _sample(site: Installation) -> Iterator[Note]:
    """Say what was read, if that was not everything."""
    parts = [
        listing.extent(noun)
        for listing, noun in ((site.usage, "lines"), (site.servers, "servers"))
        if not listing.whole
    ]
    if parts:
        yield Note(f"Judged on a sample: {', '.join(parts)}.")


def _lines_by_server(site: Installation) -> dict[int, list[Line]]:
    """Return all usage lines of servers.

    Of much usage, only a part was read: then that of a few customers is read alone.
    """
    found: dict[int, list[Line]] = defaultdict(list)
    for line in _complete_lines(site):
        if line.server_id is not None:
            found[line.server_id].append(line)
    if not found:
        raise Undecided("the usage lines do not name their server as `server_id`")
    return found


def _complete_lines(site: Installation) -> Iterator[Line]:
    if site.usage.whole:
        yield from map(understood, site.usage.rows)
        return
    for user_id in _worth_asking(site.servers.rows):
        own = site.usage_of(user_id)
        lines = [understood(row) for row in own.rows]
        if not own.whole or any(one.user_id != user_id for one in lines):
            raise Undecided("filter[user_id] does not select the usage of one user")
        yield from lines


def _servers_with_lines(site: Installation) -> list[tuple[Row, list[Line]]]:
    """Return servers that are still there, each with all of its usage lines."""
    lines = _lines_by_server(site)
    known = set(_worth_asking(site.servers.rows))
    return [
        (server, lines.get(server["id"], []))
        for server in site.servers.rows
        if isinstance(server.get("id"), int) and (site.usage.whole or _owner(server) in known)
    ]


def _worth_asking(servers: Sequence[Row]) -> list[int]:
    """Return the owners of servers whose usage shows most: addresses, backups, not running."""
    worth: Counter[int] = Counter()
    for server in servers:
        owner = _owner(server)
        if owner is not None:
            worth[owner] += 1 + 3 * (
                _has_addresses(server) + _has_backups(server) + (server.get("status") != "started")
            )
    return [owner for owner, _ in worth.most_common(ASKED_ALONE)]


def _owner(server: Row) -> int | None:
    user = server.get("user")
    found = user.get("id") if isinstance(user, dict) else None
    return found if isinstance(found, int) else None
