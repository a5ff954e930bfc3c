"""Makes the anonymised file of `--evidence` from what a run saw, and audits it before it is written.

Names of members and listed words are all that it takes from responses, and of those only what the recorder's
policy keeps. The audit is a second opinion: it looks for values of the responses in the finished file.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from mock_solusio.moment import Micros
from mock_solusio.preflight.client import Answer, Reader
from mock_solusio.preflight.metered import moment_of
from mock_solusio.preflight.shapes import DOCUMENT, HIDDEN, MemberEvidence
from mock_solusio.preflight.survey import Survey
from mock_solusio.record import policy
from mock_solusio.record.audit import problem_of
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.contract.documents import contract_digest, document, operation, operations, resolve
from solusio_contracts.contract.elements import elements
from solusio_contracts.contract.evidence import (
    ClauseEvidence,
    ElementEvidence,
    Evidence,
    StatusEvidence,
    Verdict,
)
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.url import is_loopback

_SHORTEST: Final = 3
"""Values with fewer characters say nothing about anybody, and occur in every word."""
_USAGE: Final = "listUsage"


class NotAnonymousError(Exception):
    """The audit found something in the file; the text says where, not what."""


def make_evidence(found: Survey, reader: Reader) -> Evidence:
    """Return what was seen, anonymised.

    Raises:
        NotAnonymousError: a secret or a value of a response would be in it.
    """
    private = _values(found.answers)
    every = [*(_of_member(one, private) for one in found.members), *_of_responses(found), *_of_usage(found)]
    made = Evidence(
        tool_version=metadata.version("mock-solusio"),
        contract=contract_digest(),
        operations=tuple(_statuses(found.asked)),
        elements=tuple(sorted(every, key=lambda one: (one.operation, one.member, one.element))),
        clauses=tuple(ClauseEvidence(clause=one.clause, fits=one.fits, of=one.of) for one in found.witnesses),
    )
    audit(made, found.answers, reader)
    return made


def audit(made: Evidence, answers: Iterable[Answer], reader: Reader) -> None:
    """Search the file for what should not be there.

    Raises:
        NotAnonymousError: there is something.
    """
    private, own = _values(answers), _own_words()
    host = (urlsplit(reader.access.url).hostname or "").lower()
    for place, text in _leaves(msgspec.to_builtins(made)):
        if text == made.contract:
            continue
        if reader.mask(text) != text:
            raise NotAnonymousError(f"{place} has a secret")
        if host and not is_loopback(host) and host in text.lower():
            raise NotAnonymousError(f"{place} has the name of the host")
        if problem := problem_of(text, replaced=True):
            raise NotAnonymousError(f"{place} {problem}")
        for word in _words(text):
            if word in own or policy.is_known_name(word) or policy.is_known_word(word):
                continue
            if word.casefold() in private or text.casefold() in private:
                raise NotAnonymousError(f"{place} has a value of a response")
            if problem := problem_of(word):
                raise NotAnonymousError(f"{place} {problem}")


def _of_member(one: MemberEvidence, private: frozenset[str]) -> ElementEvidence:
    member, element = one.member, one.element
    name = member.rpartition(".")[2]
    if one.verdict is Verdict.UNKNOWN and name.casefold() in private:
        member = f"{member.removesuffix(name)}{HIDDEN}"
        element = f"{element.rpartition('/')[0]}/{HIDDEN}"
    return ElementEvidence(
        document=DOCUMENT,
        element=element,
        operation=one.operation,
        member=member,
        verdict=one.verdict,
        types={**one.types},  # type: ignore[dict-item]  # these are the JSON types
        words=tuple(word for word in one.words if all(map(policy.is_known_word, re.split(r"[ _-]+", word)))),
        seen=one.seen,
        of=one.of,
    )


def _of_responses(found: Survey) -> Iterator[ElementEvidence]:
    """Yield for each described status of an operation how often it came, with JSON."""
    came: dict[tuple[str, str], list[bool]] = {}
    for name, exchange in found.asked:
        if exchange.status is not None and exchange.failure is None:
            has_json = isinstance(exchange.reading.value, dict)
            came.setdefault((name, str(exchange.status)), []).append(has_json)
    for (name, status), good in came.items():
        asked = operation(name)
        stated = asked.node["responses"].get(status)
        if stated is None:
            continue
        pointer = str(stated.get("$ref", f"#{asked.pointer}/responses/{status}"))[1:]
        yield _counted(name, pointer, f"status {status}", good)


def _of_usage(found: Survey) -> Iterator[ElementEvidence]:
    """Yield for each parameter of `/usage` that was sent whether it had its effect."""
    effects: dict[str, list[bool]] = {}
    answers = [one for one in found.answers if one.operation == _USAGE]
    asked = [(exchange, _query(exchange)) for name, exchange in found.asked if name == _USAGE]
    refused = any(exchange.status in (400, 422) for exchange, query in asked if "per_page" in query)
    if refused and answers and all("per_page" not in _query(one.exchange) for one in answers):
        effects["per_page"] = [False]
    created = _created(found.answers)
    others = len({row.get("user_id") for one in answers for row in _rows(one)}) > 1
    for answer in answers:
        query, rows = _query(answer.exchange), _rows(answer)
        meta = answer.value.get("meta") if isinstance(answer.value, dict) else None
        if isinstance(meta, dict) and "per_page" in query and meta.get("per_page") is not None:
            effects.setdefault("per_page", []).append(str(meta["per_page"]) == query["per_page"])
        since, until = moment_of(query.get("from")), moment_of(query.get("to"))
        for begin in (moment_of(row.get("from")) for row in rows):
            if begin is None or since is None or until is None:
                continue
            # Without a server that accrued before or after the period, every line is within it anyway.
            if begin < since or any(one < since for one in created):
                effects.setdefault("from", []).append(begin >= since)
            if begin >= until or created:
                effects.setdefault("to", []).append(begin < until)
        if others and "filter[user_id]" in query:
            same = (str(row.get("user_id")) == query["filter[user_id]"] for row in rows)
            effects.setdefault("filter[user_id]", []).extend(same)
    usage = operation(_USAGE)
    for place, node in enumerate(usage.node["parameters"]):
        name = resolve(document(DOCUMENT), node)["name"]
        if cases := effects.get(name):
            pointer = f"{usage.pointer}/parameters/{place}"
            yield _counted(_USAGE, pointer, f"parameter {name}", cases)


def _created(answers: Iterable[Answer]) -> list[Micros]:
    """Return when the servers were created that are there now."""
    moments = (
        moment_of(row.get("created_at"))
        for answer in answers
        if answer.operation == "listServers"
        for row in _rows(answer)
    )
    return [one for one in moments if one is not None]


def _counted(name: str, pointer: str, member: str, cases: list[bool]) -> ElementEvidence:
    return ElementEvidence(
        document=DOCUMENT,
        element=pointer,
        operation=name,
        member=member,
        verdict=Verdict.CONFIRMED if all(cases) else Verdict.CONTRADICTED,
        types={},
        words=(),
        seen=sum(cases),
        of=len(cases),
    )


def _statuses(asked: Iterable[tuple[str, Exchange]]) -> Iterator[StatusEvidence]:
    counted: dict[str, Counter[str]] = {}
    for name, exchange in asked:
        counted.setdefault(name, Counter())[str(exchange.status or "no response")] += 1
    for name in sorted(counted):
        yield StatusEvidence(operation=name, statuses=dict(sorted(counted[name].items())))


def _query(exchange: Exchange) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(exchange.request.path).query))


def _rows(answer: Answer) -> list[dict[str, Any]]:
    return [row for row in answer.data if isinstance(row, dict)] if isinstance(answer.data, list) else []


# The audit


def _values(answers: Iterable[Answer]) -> frozenset[str]:
    """Return the texts in responses, folded; those that are common words say nothing."""
    texts = {text for answer in answers for text in _texts(answer.value)}
    return frozenset(
        text.casefold() for text in texts if len(text) >= _SHORTEST and not policy.is_known_word(text)
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the place and the text of all strings, names of members included."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield f"{place} (names)", name
            yield from _leaves(one, f"{place}.{name}" if place else name)
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _leaves(one, f"{place}[{index}]")


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[./\[\]~{}()\s]+", text) if word]


def _own_words() -> frozenset[str]:
    """Return the words of our own documents, which reveal nothing of an installation."""
    texts = [one.pointer for one in elements(document(DOCUMENT))]
    texts += [one.id for one in operations()]
    texts += [*clauses(), *Verdict, HIDDEN, *Evidence.__struct_fields__, *ElementEvidence.__struct_fields__]
    texts += [*ClauseEvidence.__struct_fields__, *StatusEvidence.__struct_fields__]
    texts += ["mock-solusio evidence", DOCUMENT, metadata.version("mock-solusio")]
    texts += ["array boolean integer null number object string no response"]
    return frozenset(word for text in texts for word in _words(text))
