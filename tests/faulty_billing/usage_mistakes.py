"""Mistakes in hours, tokens and periods, and in reading usage."""

from __future__ import annotations

import math
import urllib.error
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from billing import Billing, Row, Solusio, charged, later, moment


class Changed(Billing):
    """Each line is changed by itself; None drops it."""

    def changed(self, line: Row) -> Row | None:
        raise NotImplementedError

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        found = [self.changed(line) for line in lines]
        return [line for line in found if line is not None]


def length(line: Row) -> float:
    return (moment(line["to"]) - moment(line["from"])).total_seconds() / 3600


# Hours and tokens


class HourLess(Changed):
    def changed(self, line: Row) -> Row | None:
        return charged(line, line["hours"] - 1)


class HourMore(Changed):
    def changed(self, line: Row) -> Row | None:
        return charged(line, line["hours"] + 1)


class WholeDays(Changed):
    """Each day that has begun counts in full."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, math.ceil(Fraction(line["hours"], 24)) * 24)


class HoursToTheNearest(Changed):
    def changed(self, line: Row) -> Row | None:
        return charged(line, math.floor(length(line) + 0.5))


class ClockHours(Changed):
    def changed(self, line: Row) -> Row | None:
        first = moment(line["from"]).replace(minute=0, second=0, microsecond=0)
        hours = math.ceil((moment(line["to"]) - first).total_seconds() / 3600)
        return charged(line, max(hours, 1))


class HoursOfTheLength(Changed):
    """An hour over the end of a month counts in both."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, math.ceil(length(line)))


class AverageMonth(Changed):
    """No month has more than 730 hours."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, min(line["hours"], 730))


class MonthlyForAnyUse(Changed):
    def changed(self, line: Row) -> Row | None:
        return line | {"tokens": line["tokens_per_month"] or line["tokens"]}


class SmallerPrice(Changed):
    """min() of both prices, also if one is 0."""

    def changed(self, line: Row) -> Row | None:
        return line | {"tokens": min(line["hours"] * line["tokens_per_hour"], line["tokens_per_month"])}


class OnlyByTheHour(Changed):
    """if ($line['tokens_per_hour'])."""

    def changed(self, line: Row) -> Row | None:
        return line if line["tokens_per_hour"] or not line["tokens_per_month"] else None


class ProratedBy730(Changed):
    """The monthly price, for the part of an average month that was used."""

    def changed(self, line: Row) -> Row | None:
        if not line["tokens_per_month"]:
            return line
        return line | {"tokens": line["tokens_per_month"] * line["hours"] // 730}


class ShortUseFree(Changed):
    """The first hour is a trial."""

    def changed(self, line: Row) -> Row | None:
        return line if line["hours"] > 1 else None


class OnlyHourlyCharges(Changed):
    def changed(self, line: Row) -> Row | None:
        return line if line["charge"] == "hourly" else None


class NoAddresses(Changed):
    def changed(self, line: Row) -> Row | None:
        return line if line["resource"] != "additional_ip" else None


class NoBackups(Changed):
    def changed(self, line: Row) -> Row | None:
        return line if line["resource"] != "backup" else None


class FirstHoursFree(Changed):
    """Three hours of every line are free."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, max(line["hours"] - 3, 0))


class StoppedFree(Billing):
    """Servers that do not run now are not billed."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        states = {one["id"]: one["status"] for one in solusio.all("servers")}
        return [line for line in lines if states.get(line["server_id"], "started") == "started"]


class SuspendedFree(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        suspended = {one["id"] for one in solusio.all("servers") if one.get("is_suspended")}
        return [line for line in lines if line["server_id"] not in suspended]


class DeletedUsersFree(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        there = {one["id"] for one in solusio.all("users")}
        return [line for line in lines if line["user_id"] in there]


class DeletedPlansFree(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        there = {one["id"] for one in solusio.all("plans")}
        return [line for line in lines if line["plan"]["id"] in there]


class FirstPlan(Billing):
    """The plan that a server was ordered with applies to all its hours."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        merged: dict[Any, Row] = {}
        for line in sorted(lines, key=lambda line: str(line["from"])):
            key = (line["server_id"], line["resource"], line["resource_id"])
            before = merged.get(key)
            merged[key] = charged(before, before["hours"] + line["hours"]) if before else line
        return list(merged.values())


# Periods


class MonthOfNewYork(Billing):
    """Midnight in New York. The 1st of a month has summer time from April to November."""

    def month(self, order: Row) -> tuple[str, str]:
        since, until = (
            later(text, hours=4 if 4 <= moment(text).month <= 11 else 5)
            for text in (order["from"], order["to"])
        )
        return since, until


class ThirtyOneDays(Billing):
    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], later(order["from"], days=31)


class FebruaryOf28(Billing):
    """A table of the lengths of months, without leap years."""

    def month(self, order: Row) -> tuple[str, str]:
        february = order["period"].endswith("-02")
        return order["from"], later(order["from"], days=28) if february else order["to"]


class MonthBefore(Billing):
    """The month before the one that is billed."""

    def month(self, order: Row) -> tuple[str, str]:
        return later(order["from"], days=-1)[:8] + "01T00:00:00Z", order["from"]


class HalfMonths(Billing):
    """The month is read in two halves, whose tokens are added up."""

    days: float = 15

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        lines: dict[Any, Row] = {}
        begin = since
        while begin < until:
            end = min(later(begin, days=self.days), until)
            for line in super().usage(solusio, begin, end):
                key = (line["server_id"], line["resource"], line["resource_id"], line["plan"]["id"])
                before = lines.get(key, {"hours": 0, "tokens": 0})
                lines[key] = line | {name: line[name] + before[name] for name in ("hours", "tokens")}
            begin = end
        return list(lines.values())


class TenDays(HalfMonths):
    days = 10


# Reading


def kept(lines: list[Row], key: Any) -> list[Row]:
    return list({key(line): line for line in lines}.values())


class Limit1000(Billing):
    """ORDER BY id LIMIT 1000."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return lines[:1000]


class Limit100(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return lines[:100]


class PagesOf(Billing):
    """Reads pages of some size, and does something wrong with them."""

    size = 50

    def read(self, pages: list[list[Row]]) -> list[Row]:
        raise NotImplementedError

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        query = {"from": since, "to": until, "per_page": self.size}
        return self.read(list(solusio.pages("usage", **query)))


class FirstFifty(Billing):
    """One request, with per_page=50."""

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        return next(solusio.pages("usage", **{"from": since, "to": until, "per_page": 50}))


class LastPageOnly(PagesOf):
    """$lines = $page['data'], in the loop."""

    def read(self, pages: list[list[Row]]) -> list[Row]:
        return pages[-1]


class LastPageForgotten(PagesOf):
    """while ($page['links']['next'])."""

    size = 100

    def read(self, pages: list[list[Row]]) -> list[Row]:
        return [line for page in pages[:-1] for line in page]


class FirstPageForgotten(PagesOf):
    """Follows links.next before it looks at the data."""

    def read(self, pages: list[list[Row]]) -> list[Row]:
        return [line for page in pages[1:] for line in page]


class FirstPageTwice(PagesOf):
    """The first request only asks how many pages there are; page 1 is read again."""

    def read(self, pages: list[list[Row]]) -> list[Row]:
        return [line for page in (pages[0], *pages) for line in page]


class EverythingTwice(Billing):
    """Two workers read the same pages."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [*lines, *lines]


class DoubleSums(Billing):
    """INSERT ... ON DUPLICATE KEY UPDATE tokens = tokens + ..., and the page comes again."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [line | {"hours": 2 * line["hours"], "tokens": 2 * line["tokens"]} for line in lines]


class RepeatedPageCounted(Billing):
    """Lines that come again are billed again."""

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        pages = solusio.pages("usage", **{"from": since, "to": until, "per_page": 1000})
        return [line for page in pages for line in page]


class FailureEndsReading(Billing):
    """An exception while it reads is logged, and what is there is billed."""

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        lines: list[Row] = []
        try:
            for page in solusio.pages("usage", **{"from": since, "to": until, "per_page": 1000}):
                lines += page
        except (OSError, ValueError, urllib.error.HTTPError):
            pass
        return kept(lines, lambda line: line["id"])


class OneLineAServer(Billing):
    """$lines[$line['server_id']] = $line."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return kept(lines, lambda line: line["server_id"])


class OneLineAName(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return kept(lines, lambda line: line["server_name"])


class OneLineAPlan(Billing):
    """For each customer."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return kept(lines, lambda line: (line["billing_user_id"], line["plan"]["name"]))


class OneLineACustomer(Billing):
    """$usage[$line['billing_user_id']] = $line."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return kept(lines, lambda line: line["billing_user_id"])


class Merged(Billing):
    """Lines with the same key become one."""

    def key(self, line: Row) -> Any:
        raise NotImplementedError

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        found: dict[Any, Row] = {}
        for line in lines:
            before = found.get(key := self.key(line))
            sums = {name: line[name] + before[name] for name in ("hours", "tokens")} if before else {}
            found[key] = (before or line) | sums
        return list(found.values())


class OneLineForAllOfAServer(Merged):
    def key(self, line: Row) -> Any:
        return line["server_id"]


class AddressesTogether(Merged):
    def key(self, line: Row) -> Any:
        return line["server_id"], line["resource"], line["plan"]["name"]


class OneLineForAllOfAPlan(Merged):
    def key(self, line: Row) -> Any:
        return line["billing_user_id"], line["resource"], line["plan"]["name"]


class FirstLineIsAHeader(Billing):
    """The usage goes through a CSV file, whose first line is skipped."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return lines[1:]


class LastLineForgotten(Billing):
    """for ($i = 0; $i < count($lines) - 1; $i++), for each customer."""

    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:
        found = super().billed(usage)
        for customer in found:
            usage[customer] = usage[customer][:-1]
        return [customer for customer in found if usage[customer]]


class EverySecondLine(Billing):
    """$i += 2."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return lines[::2]


class ReadInSteps(Billing):
    """Asks for a page number that does not exist, and takes the 404 for the end."""

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        return list(self.steps(solusio, since, until))

    def steps(self, solusio: Solusio, since: str, until: str) -> Iterator[Row]:
        query = {"from": since, "to": until, "per_page": 40, "page": 2}
        for page in solusio.pages("usage", **query):
            yield from page
