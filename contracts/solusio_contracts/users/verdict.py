"""Judges what a billing system did to users and how it logged customers in. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solusio_contracts.adapter.verdict import Difference, Mistake, Verdict
from solusio_contracts.reporting.words import plural
from solusio_contracts.users import diagnosis
from solusio_contracts.users.customers import UserCustomer
from solusio_contracts.users.scenario import CustomerEvent, ExpectedUser, Scenario
from solusio_contracts.users.state import SolusioUser, Users, changes

MISSED: Final = {
    "create": "UM-040",
    "update": "UM-042",
    "suspend": "UM-043",
    "unsuspend": "UM-043",
    "lock": "UM-043",
    "unlock": "UM-043",
    "delete": "UM-044",
    "login": "SSO-010",
}
"""The clause of a step that was not done, and should have been."""
RIGHT: Final = {
    "suspend": ("suspended",),
    "unsuspend": ("active", "locked"),
    "lock": ("locked", "suspended"),
    "unlock": ("active", "suspended"),
}
"""The statuses after a step that is done: a billing system may keep lock and suspension apart."""
TOO_MANY: Final = "CL-036"
"""The clause about the number of requests."""
ANY: Final = "*"
"""Stands for any mail address."""
LINK: Final = re.compile(r"/auth/by_token/[A-Za-z0-9._~%-]+")
"""A login link, after the URL of the user area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """What a browser got that opened a login link."""

    status: int
    user_id: int | None
    """The id of the user who is logged in; None: nobody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a billing system reported about a step for one customer, and what it did."""

    customer: str
    step: str
    command: str
    """The command or request that ran it, without secrets."""
    done: bool
    failure: str = ""
    """Why it is not done."""
    output: str = ""
    ended: bool = True
    """Whether it ended with an exit code or a status."""
    link: str = ""
    """What --login printed."""
    opened: OpenedLink | None = None
    """None: what was printed is not a link that a browser could open here."""
    requests: int = 0
    """How many requests reached SolusIO; of steps at one moment, the average."""
    exchanges: str = ""
    """These requests, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a scenario takes place."""

    url: str
    """Of SolusIO and of its user area."""
    customers: Mapping[str, UserCustomer]
    """All customers by name, as they are now; also those who are gone."""
    bystanders: frozenset[int]
    """The ids of the users that nothing may change."""

    def user(self, name: str, users: Users) -> SolusioUser | None:
        """Return the user who has a customer's billing_user_id."""
        number = self.customers[name].billing_user_id
        return next((user for user in users.values() if user.billing_user_id == number), None)


def judge_step(
    scenario: Scenario, event: CustomerEvent, report: StepReport, stage: Stage, users: Users, verdict: Verdict
) -> bool:
    """Judge what was reported about a step, what it led to, and the number of requests.

    Return whether the step is as it must be: if not, its consequences add no findings.
    """
    asked = report.command
    found: list[Difference] = []
    mistakes: tuple[Mistake, ...]
    verdict.checks += 1
    subject = f"{report.customer}: {report.step}"
    if not report.ended:
        found.append(
            Difference("UM-045", subject, "it ends with an exit code or a status", report.failure, "report")
        )
    elif report.done and event.outcome == "failed":
        expected = "it reports a failure: this cannot be done"
        clause = "SSO-013" if report.step == "login" else "UM-045"
        actual = f"the link {_masked(report.link)}" if report.link else "it reports that it is done"
        other = _with_mail(stage.customers[report.customer].email, users)
        mistakes = diagnosis.no_user(other, stage.bystanders, report.exchanges)
        found.append(Difference(clause, subject, expected, actual, "report", mistakes=mistakes))
    elif not report.done and event.outcome == "done":
        expected = "it reports that it is done"
        mistakes = ()
        if stage.user(report.customer, users) is not None:
            mistakes = diagnosis.not_found(report.step, report.exchanges)
        found.append(
            Difference(MISSED[report.step], subject, expected, report.failure, "report", mistakes=mistakes)
        )
    elif report.done and report.step == "login":
        found += _login(report, stage, users)
    elif report.done:
        found += _effect(report, stage, users)
    good = not found
    limit = event.requests or scenario.requests
    if event.faults:
        limit *= 2
    verdict.checks += 1
    if report.requests > limit:
        text = f"{plural(report.requests, 'request')}"
        found.append(Difference(TOO_MANY, subject, f"at most {plural(limit, 'request')}", text, "requests"))
    verdict.add(found, question=asked, request=report.exchanges, response=report.output)
    return good


def _effect(report: StepReport, stage: Stage, users: Users) -> Iterator[Difference]:
    """Compare the customer's user with what a step that is done must lead to."""
    customer, user = stage.customers[report.customer], stage.user(report.customer, users)
    subject = f"{report.customer}: {report.step}"
    if user is None:
        if report.step == "create":
            other = _with_mail(customer.email, users)
            expected = f"a user with billing_user_id {customer.billing_user_id}"
            actual = "none" if other is None else f"none, but {other.described}"
            mistakes = diagnosis.no_user(other, stage.bystanders, report.exchanges)
            clause = "UM-002" if diagnosis.NO_NUMBER in mistakes else "UM-040"
            yield Difference(clause, subject, expected, actual, "user", mistakes=mistakes)
        return
    if report.step == "delete":
        yield Difference("UM-044", subject, "no user", user.described, "user")
    elif report.step == "update" and user.email.casefold() != customer.email.casefold():
        mistakes = diagnosis.mail(customer.email, user.email)
        clause = "UM-049" if mistakes else "UM-042"
        yield Difference(clause, subject, customer.email, user.email, "email", mistakes=mistakes)
    elif report.step in RIGHT and user.status not in RIGHT[report.step]:
        expected = " or ".join(RIGHT[report.step])
        yield Difference("UM-043", subject, f"status {expected}", f"status {user.status}", "status")


def _login(report: StepReport, stage: Stage, users: Users) -> Iterator[Difference]:
    subject = f"{report.customer}: login"
    customer = stage.customers[report.customer]
    expected = f"{stage.url}/auth/by_token/{{access_token}}"
    if not report.link.startswith(stage.url) or LINK.fullmatch(report.link.removeprefix(stage.url)) is None:
        actual = _masked(report.link) or "nothing"
        yield Difference("SSO-010", subject, expected, actual, "link", diagnosis.link(report.link, stage.url))
        return
    opened = report.opened
    if opened is None or opened.user_id is None:
        status = "no response" if opened is None else f"status {opened.status}, nobody is logged in"
        mistakes = () if opened is None else (diagnosis.DEAD_LINK,)
        yield Difference(
            "SSO-011", subject, f"{customer.email} is logged in", status, "link", mistakes=mistakes
        )
        return
    user = users.get(opened.user_id)
    if user is None or user.billing_user_id == customer.billing_user_id:
        return
    yield Difference(
        "SSO-012",
        subject,
        f"the user of customer {customer.billing_user_id} is logged in",
        f"{user.described} is logged in",
        "link",
        mistakes=diagnosis.wrong_user(customer, user),
    )


def judge_links(links: Sequence[str], verdict: Verdict) -> None:
    """Judge that each click got a link of its own."""
    if len(links) < 2:
        return
    verdict.checks += 1
    repeated = len(links) - len(set(links))
    if repeated:
        verdict.failed(
            "SSO-011",
            "login links",
            f"{len(links)} different ones for {len(links)} clicks",
            f"{plural(repeated, 'link')} came again",
        )


def judge_users(
    expected: Sequence[ExpectedUser],
    stage: Stage,
    users: Users,
    verdict: Verdict,
    *,
    question: str,
    request: str = "",
) -> None:
    """Compare users with what is expected of them at this moment."""
    for one in expected:
        verdict.checks += 1
        found = list(_user(one, stage, users))
        verdict.add(found, question=question, request=request)


def _user(one: ExpectedUser, stage: Stage, users: Users) -> Iterator[Difference]:
    customer = stage.customers[one.as_]
    user = stage.user(one.as_, users)
    subject = f"user of {one.as_}"
    if user is None:
        if not one.optional:
            expected = f"a user with billing_user_id {customer.billing_user_id}"
            yield Difference("UM-040", subject, expected, "none", "user")
        return
    yield from _fields(one, customer, user, subject)


def _fields(
    one: ExpectedUser, customer: UserCustomer, user: SolusioUser, subject: str
) -> Iterator[Difference]:
    if user.status not in one.statuses:
        expected = " or ".join(one.statuses)
        yield Difference("UM-043", f"{subject}: status", expected, user.status, "status")
    email = one.email or customer.email
    if email != ANY and user.email.casefold() != email.casefold():
        mistakes = diagnosis.mail(email, user.email)
        clause = "UM-049" if mistakes else "UM-042"
        yield Difference(clause, f"{subject}: mail address", email, user.email, "email", mistakes=mistakes)
    if user.is_staff:
        yield Difference("UM-050", f"{subject}: roles", "a role of customers", ", ".join(user.roles), "roles")
    if one.servers is not None and user.servers:
        states = sorted({state for _, state in user.servers})
        if states != [one.servers]:
            expected = f"all {one.servers}"
            yield Difference("UM-043", f"{subject}: servers", expected, ", ".join(states), "servers")


def judge_settings(
    names: Iterable[str], stage: Stage, users: Users, wanted: Mapping[str, tuple[str, str]], verdict: Verdict
) -> None:
    """Compare language and limit group of customers' users; `wanted` has them, empty if any is right."""
    for name in names:
        user = stage.user(name, users)
        language, group = wanted[name]
        if user is None:
            continue
        for what, expected, actual in (
            ("language", language, user.language),
            ("limit group", group, user.limit_group),
        ):
            if not expected:
                continue
            verdict.checks += 1
            if expected != actual:
                difference = Difference(
                    "UM-051", f"user of {name}: {what}", expected, actual or "none", "settings"
                )
                verdict.add([difference])


def judge_absent(
    names: Iterable[str], gone: Collection[str], stage: Stage, users: Users, verdict: Verdict
) -> None:
    """Judge that customers have no user: those who are gone, and those who could not get one."""
    for name in names:
        verdict.checks += 1
        user = stage.user(name, users)
        if user is not None:
            number = "UM-044" if name in gone else "UM-046"
            verdict.add([Difference(number, f"user of {name}", "none", user.described, "user")])


def judge_others(stage: Stage, before: Users, after: Users, verdict: Verdict) -> None:
    """Judge that nobody else has changed, and that no user is too many."""
    numbers = {one.billing_user_id for one in stage.customers.values()}
    mails = {one.email.casefold(): name for name, one in stage.customers.items()}
    for user_id in sorted(stage.bystanders):
        old, new = before[user_id], after.get(user_id)
        changed = list(changes(old, new))
        verdict.checks += 1
        if not changed:
            continue
        name = mails.get(old.email.casefold())
        clause = "UM-047" if old.is_staff else "UM-046" if name is not None else "UM-041"
        mistakes = diagnosis.bystander(old, stage.customers.values())
        verdict.add(
            [
                Difference(
                    clause,
                    old.email,
                    f"{old.described} is unchanged",
                    "; ".join(changed),
                    "others",
                    mistakes=mistakes,
                )
            ]
        )
    strange = [
        user
        for user_id, user in sorted(after.items())
        if user_id not in before and user.billing_user_id not in numbers
    ]
    verdict.checks += 1
    if strange:
        clause = "UM-002" if len(strange) == 1 and strange[0].billing_user_id is None else "UM-040"
        verdict.add(
            [
                Difference(
                    clause,
                    "new users",
                    "no user besides those of the customers",
                    ", ".join(user.described for user in strange[:3]),
                    "others",
                    mistakes=diagnosis.strange(strange),
                )
            ]
        )


def _with_mail(email: str, users: Users) -> SolusioUser | None:
    return next((user for user in users.values() if user.email.casefold() == email.casefold()), None)


def _masked(link: str) -> str:
    """Return what was printed as a link without its access token, and shortened."""
    return re.sub(r"(/auth/by_token/)[^/?#\s]+", r"\1***", link)[:200]
