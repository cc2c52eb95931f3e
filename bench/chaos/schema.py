"""Schema: drawn requests to every operation of the legacy surface, held against its document."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.failures import FailureGroup

from bench.chaos.explored import (
    CONFORMANCE,
    NOT_SERVED,
    OPERATIONS,
    Case,
    application,
    before_the_sandbox,
    cases,
    plant,
)
from bench.chaos.figure import Figure
from mappings.mesvaccins import PACK

NUMBER = 11
SEED = 20261101
BUDGET_SECONDS = 45
QUICK_SECONDS = 3
AT_LEAST = 1_000
EACH = 8
"""Requests to one operation, before it is the next one's turn."""

LIST, RECORD = "GET /records.json", "GET /records/{id}.json"
"""Two operations whose answers differ."""


@dataclass(slots=True)
class Explored:
    """What was asked, and what of the answers is not as the document says."""

    base_url: str
    client: requests.Session
    cases: Counter[str] = field(default_factory=Counter)
    """By operation."""
    statuses: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Answers of 5xx, by operation and status."""
    violating: Counter[str] = field(default_factory=Counter)
    """Answers that the document does not allow, by operation and reason."""

    def explore(self, label: str, examples: int, number: int) -> None:
        """Send so many requests to one operation; the same number draws the same ones."""
        operation, planted = OPERATIONS[label], plant(self.client, self.base_url)
        drawn = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )

        @seed(number)
        @drawn
        @given(case=cases(operation, planted))
        def sent(case: Case) -> None:
            self.judge(label, case, case.call(base_url=self.base_url, session=self.client))

        sent()

    def judge(self, label: str, case: Case, answer: Any) -> None:
        """Count an answer, and what is wrong with it: the kind of it, never a value."""
        status: int = answer.status_code
        self.cases[label] += 1
        self.statuses[status] += 1
        if status >= 500 and status != NOT_SERVED:
            self.failed[f"{label}: {status}"] += 1
        try:
            case.validate_response(answer, checks=CONFORMANCE)
        except FailureGroup as group:
            self.violating.update(f"{label}: {it.title}" for it in group.exceptions)


def figure(*, quick: bool) -> Figure:
    """Requests that fit the document and others, to each operation in turn, until time is up."""
    taken = Figure(NUMBER, "schema", quick)
    with (
        tempfile.TemporaryDirectory() as name,
        before_the_sandbox(Path(name)) as serving,
        application() as client,
    ):
        found = Explored(f"{serving.url}{PACK.prefixes[0]}", client)
        rounds = _until(found, QUICK_SECONDS if quick else BUDGET_SECONDS)
        told_apart = _tells_apart(found)
        lives = serving.running.poll() is None
    for what, counted in (
        ("answers of 5xx, beside 501 for what has no counterpart", found.failed),
        ("answers that the document does not allow", found.violating),
    ):
        told = "; ".join(f"{name} ({times})" for name, times in counted.most_common(5))
        taken.demand(what, "0", told or "0", not counted)
    taken.demand(
        "operations", f"{len(OPERATIONS)}", len(found.cases), found.cases.keys() >= {*OPERATIONS}
    )
    taken.demand("an answer of another operation is found", "so", told_apart, told_apart == "so")
    taken.demand("the gateway lives", "so", "so" if lives else "not so", lives)
    asked = found.cases.total()
    if not quick:
        taken.demand("requests", f">= {AT_LEAST:,}", f"{asked:,}", asked >= AT_LEAST)
    taken.counts |= {
        "seed": SEED,
        "requests": asked,
        "fewest of an operation": min(found.cases.values()),
        "rounds": rounds,
        **{f"answers: {status}": times for status, times in sorted(found.statuses.items())},
    }
    return taken


def _until(found: Explored, seconds: float) -> int:
    """Every operation once, and then again while there is time; gives how many rounds began."""
    end = time.monotonic() + seconds
    number = 0
    while number == 0 or time.monotonic() < end:
        for place, label in enumerate(OPERATIONS):
            if number and time.monotonic() > end:
                break
            # The first round is small, so that a short budget leaves no operation out.
            found.explore(label, EACH if number else 2, SEED + 1000 * number + place)
        number += 1
    return number


def _tells_apart(found: Explored) -> str:
    """Hold the answer of one operation against the document of another: it must be noticed."""
    answer = found.client.get(f"{found.base_url}{OPERATIONS[LIST].path}")
    other = OPERATIONS[RECORD]
    case = other.Case(path_parameters={"id": "7"})
    try:
        case.validate_response(answer, checks=CONFORMANCE)
    except FailureGroup:
        return "so"
    return "not so"
