"""`scripts/tour operate`: what held has been seen to hold, and nothing else is called so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.tour import __main__ as tour
from bench.tour.bullet import Bullet
from bench.tour.stage import NotHereError, Stage, demand

ROOT = Path(__file__).parent.parent
ASKED_FOR = {
    *("settings", "check", "logs", "metrics", "dashboards", "traces", "audit", "audit-chain"),
    *("admin", "container", "dockerfile", "compose", "kubernetes", "checkov", "one-store"),
    *("wrong-pair", "replicas", "bill-of-materials", "supply-chain"),
    *("testing", "second-pack", "new", "openapi", "schema", "convert", "site", "commands"),
    *("demo", "test", "canary"),
}
QUICK = ("admin", "openapi", "dockerfile")
"""Those that take a second or two each, and a gateway among them."""


def holding(stage: Stage) -> str:
    """It holds."""
    return stage.must(sys.executable, "-c", "print('seen')").said


def falling_short(stage: Stage) -> str:
    """It does not hold."""
    stage.must(sys.executable, "-c", "print('no'); raise SystemExit(3)")
    return "never said"


def broken(_: Stage) -> str:
    """It cannot even be judged."""
    return {"wrong": "never said"}["right"]


def demanding(_: Stage) -> str:
    """It holds in part."""
    demand("one of two", holds=False)
    return "never said"


def elsewhere(_: Stage) -> str:
    """It holds on other machines."""
    raise NotHereError("no such tool; install it")


LOOKS = (holding, falling_short, broken, demanding, elsewhere)


@pytest.fixture(autouse=True)
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tour of bullets that end in every way."""
    bullets = tuple(Bullet(look.__name__, "a command", look) for look in LOOKS)
    monkeypatch.setitem(tour.TOURS, "operate", bullets)


@pytest.mark.parametrize(
    ("name", "code", "verdict", "told"),
    [
        ("holding", 0, "held", "seen"),
        ("falling_short", 1, "SHORT", "exit code 3: no"),
        ("broken", 1, "SHORT", "KeyError: 'right'"),
        ("demanding", 1, "SHORT", "one of two"),
        ("elsewhere", 0, "not here", "no such tool; install it"),
    ],
)
def test_a_bullet_is_held_only_where_it_was_seen_to_hold(
    name: str, code: int, verdict: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = tour.main(["operate", name, "--json"])

    (row,) = json.loads(capsys.readouterr().out)
    assert ended == code
    assert row["verdict"] == verdict
    assert row["seen"].endswith(told)
    assert row["promise"].startswith("It ")


def test_one_that_falls_short_is_told_among_those_that_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = tour.main(["operate"])

    said = capsys.readouterr()
    assert ended == 1
    assert all(name in said.out for name in ("holding", "broken", "elsewhere", "not here"))
    assert "1 of 5 held, 3 fall short, 1 could not be seen here" in said.err


def test_a_name_that_no_bullet_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tour.main(["operate", "hollding"])

    assert ended.value.code == 2
    assert "no bullet is called hollding; --list says what there is" in capsys.readouterr().err


def test_the_list_looks_at_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ended = tour.main(["operate", "--list"])

    said = capsys.readouterr()
    assert ended == 0
    assert "It cannot even be judged." in said.out
    assert "held" not in said.out + said.err


def toured(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The real tour, in a process of its own."""
    untraced = {key: value for key, value in os.environ.items() if "COVERAGE" not in key}
    return subprocess.run(
        [sys.executable, "-m", "bench.tour", "operate", *arguments, "--json"],
        cwd=ROOT,
        env=untraced,
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_that_is_asked_for_has_a_bullet_with_its_promise() -> None:
    rows = json.loads(toured("--list").stdout)

    assert {row["name"] for row in rows} == ASKED_FOR
    assert len(rows) == len(ASKED_FOR)
    assert all(row["promise"].endswith(".") and row["command"] for row in rows)


def test_quick_ones_hold() -> None:
    ended = toured(*QUICK)

    verdicts = {row["name"]: (row["verdict"], row["seen"]) for row in json.loads(ended.stdout)}
    assert ended.returncode == 0, verdicts
    assert {verdict for verdict, _ in verdicts.values()} == {"held"}
    assert verdicts.keys() == {*QUICK}
