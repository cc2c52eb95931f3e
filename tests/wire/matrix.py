"""Every call that an operation makes meets every fault; what is wrong with the answer is named."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.clients import Answer, Client, ClosedError
from tests.sockets.people import MODERN_NAMES
from tests.wire.faults import FaultUpstream
from tests.wire.surface import SHARING_REQUESTS, VACCINATIONS, Operation

MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 5
MAPPED = (502, 503, 504)
MADE_TWICE = ("POST", "PATCH")


@dataclass(frozen=True, slots=True)
class Case:
    """One call of one operation, met by one fault."""

    operation: Operation
    fault: str
    call: int
    """Which of its calls, from 1; 0 for each of them."""
    written: bool
    """Whether what the operation writes was written by then: it may not fail any more."""

    @property
    def token(self) -> str:
        """The credential that has the new API fail so."""
        which = f"on-{self.call}-" if self.call else ""
        return f"fault-{self.fault}-{which}{self.operation.name.replace(' ', '.')}"


@dataclass(slots=True)
class Outcomes:
    """What came of cases: how many of each status, and what was wrong."""

    cases: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By fault and status."""
    wrong: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    """Each thing that was wrong, with its case."""
    slowest: float = 0.0


async def legacy_ids(port: int) -> dict[str, int]:
    """The legacy ids of what lies in the record on which the operations work."""
    client = Client(port, "who-reads-first")
    act, request = [
        (await client.ask("GET", f"{path}.json")).document[0]["id"]
        for path in (VACCINATIONS, SHARING_REQUESTS)
    ]
    client.close()
    return {"act": act, "request": request}


async def healthy(
    port: int, operations: Sequence[Operation], ids: Mapping[str, int], run: str
) -> dict[str, int]:
    """Each operation once, without a fault: the status by name."""
    statuses = {}
    for operation in operations:
        client = Client(port, f"{run}-{operation.name}")
        path = operation.path.format(**ids)
        statuses[operation.name] = (
            await client.ask(operation.method, path, operation.document)
        ).status
        client.close()
    return statuses


def cases(
    upstream: FaultUpstream, operations: Sequence[Operation], faults: Sequence[str], run: str
) -> list[Case]:
    """A case for each fault and each call that the operations made in a healthy run."""
    calls, found = upstream.told()["calls"], []
    for operation in operations:
        asked = [call.partition(" ")[0] for call in calls[f"{run}-{operation.name}"]]
        for place, method in enumerate(asked):
            written = method == "GET" and any(before != "GET" for before in asked[:place])
            found += [Case(operation, fault, place + 1, written) for fault in faults]
    return found


async def play(
    port: int, played: Sequence[Case], ids: Mapping[str, int], deadline: float, outcomes: Outcomes
) -> None:
    """All of these at one time."""

    async def one(case: Case) -> None:
        client, operation = Client(port, case.token), case.operation
        asked = client.ask(operation.method, operation.path.format(**ids), operation.document)
        status = "none"
        try:
            answer = await asyncio.wait_for(asked, deadline + PATIENCE_SECONDS)
            status, wrong = str(answer.status), faulty(case, answer, deadline)
            outcomes.slowest = max(outcomes.slowest, answer.seconds)
        except TimeoutError:
            wrong = ["hung"]
        except ClosedError:
            wrong = ["closed without an answer"]
        client.close()
        outcomes.cases += 1
        outcomes.statuses[case.fault, status] += 1
        outcomes.wrong.update(wrong)
        outcomes.told += [
            f"{case.operation.name}, call {case.call}, {case.fault}: {status}: {it}" for it in wrong
        ]

    await asyncio.gather(*map(one, played))


def faulty(case: Case, answer: Answer, deadline: float) -> list[str]:
    """What is wrong with an answer."""
    wrong = []
    if answer.seconds > deadline + MARGIN_SECONDS:
        wrong.append("later than the deadline")
    if answer.status == 500:
        wrong.append("500")
    elif answer.status in MAPPED:
        wrong += misshapen(answer.status, answer.headers, answer.body)
    elif not (case.written and answer.status in (200, 201)):
        wrong.append("not mapped")
    elif not isinstance(whole(answer.body), dict):
        wrong.append("half a document")
    if answer.status >= 400 and any(
        name in answer.body + repr(answer.headers).encode() for name in MODERN_NAMES
    ):
        wrong.append("names the new API")
    return wrong


def misshapen(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What an error lacks of the legacy form."""
    document, wrong = whole(body), []
    within = document.get("errors", document) if isinstance(document, dict) else {}
    said = [
        it for value in within.values() for it in (value if isinstance(value, list) else [value])
    ]
    if not said or not all(isinstance(it, str) for it in said) or len(within) != len(document):
        wrong.append("not in the legacy form")
    if status == 503 and "retry-after" not in headers:
        wrong.append("503 without Retry-After")
    return wrong


def whole(body: bytes) -> Any:
    """The document in a body, or none where it is not whole."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def upstream_wrongs(upstream: FaultUpstream, played: Sequence[Case], outcomes: Outcomes) -> None:
    """Note what the new API saw: a write that came twice, and a fault that nothing met."""
    came: dict[str, dict[str, int]] = {}
    for method, path, token, times in upstream.told()["counts"]:
        came.setdefault(token, {})[f"{method} {path}"] = times
    for case in played:
        calls = came.get(case.token, {})
        twice = [call for call, times in calls.items() if times > 1 and call.startswith(MADE_TWICE)]
        wrong = ["written twice"] * len(twice) + ["met no fault"] * (len(calls) < case.call)
        outcomes.wrong.update(wrong)
        outcomes.told += [
            f"{case.operation.name}, call {case.call}, {case.fault}: {it}" for it in wrong
        ]
