"""The tour of the demo: what it shows, and that it sees when a step is wrong."""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.app import create_app
from proxy.cli import demo
from proxy.cli.tour import Tour
from proxy.observe import logs
from sandbox import create_app as create_sandbox
from tests.cli.servers import free_port, served

Change = Callable[[ASGIApp], ASGIApp]
PANELS = ("1  legacy request", "2  the new API gets", "3  the new API gives", "4  legacy answer")


@contextmanager
def tour(
    change: Change = lambda app: app, *, upstream: str = "", width: int = 200, colour: bool = False
) -> Iterator[tuple[Tour, io.StringIO]]:
    """A tour of a gateway whose new API is changed in one thing, and what the tour writes."""
    logs.silence()
    screen = io.StringIO()
    console = Console(file=screen, width=width, force_terminal=colour, highlight=False)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(change(create_sandbox())) as url,
        served(create_app(demo.settings(upstream or url, Path(folder)))) as address,
    ):
        yield Tour(address, url, console), screen


def from_the_gateway(scope: Scope, method: str) -> bool:
    """Whether this is a call that the gateway makes."""
    return (
        scope["type"] == "http"
        and scope["method"] == method
        and (b"user-agent", b"passerelle") in scope["headers"]
    )


def rewriting(method: str, body: bytes) -> Change:
    """A new API that understands something else than it was told."""

    def changed(app: ASGIApp) -> ASGIApp:
        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            async def something_else() -> Message:
                return {"type": "http.request", "body": body}

            await app(scope, something_else if from_the_gateway(scope, method) else receive, send)

        return told

    return changed


def answering(method: str, path: str, response: Response) -> Change:
    """A new API that answers without doing anything; `path` is whole, or all under its slash."""

    def is_at(other: str) -> bool:
        return other == path or (path.endswith("/") and other.startswith(path))

    def changed(app: ASGIApp) -> ASGIApp:
        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            idle = from_the_gateway(scope, method) and is_at(scope["path"])
            await (response if idle else app)(scope, receive, send)

        return told

    return changed


def forbidding(ending: str) -> Change:
    """A new API that lets nobody write where a path ends so."""

    def changed(app: ASGIApp) -> ASGIApp:
        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            refused = from_the_gateway(scope, "POST") and scope["path"].endswith(ending)
            await (Response(status_code=403) if refused else app)(scope, receive, send)

        return told

    return changed


def wrong_steps(text: str) -> list[str]:
    """The steps that the tour calls wrong."""
    mark = "WRONG "
    return [line.removeprefix(mark) for line in text.splitlines() if line.startswith(mark)]


def test_every_step_is_right_before_a_new_api_as_it_must_be() -> None:
    with tour() as (walking, screen):
        right = walking.walk()

    assert right
    assert wrong_steps(screen.getvalue()) == []
    assert screen.getvalue().endswith("\nevery step was right\n")
    assert sum(line.startswith("ok ") for line in screen.getvalue().splitlines()) == 14


@pytest.mark.parametrize(("width", "beside"), [(210, 4), (110, 2)], ids=["wide", "narrow"])
def test_both_requests_and_both_answers_stand_side_by_side(width: int, beside: int) -> None:
    with tour(width=width) as (walking, screen):
        walking.create()

    titles = [line for line in screen.getvalue().splitlines() if any(t in line for t in PANELS)]
    assert [sum(title in line for title in PANELS) for line in titles] == [beside] * (4 // beside)
    for told in (
        "POST /api/v1/records.json",
        "POST /health_records",
        '"last_name": "Le Quintrec"',
        '"customary_name": "Le Quintrec"',
        '"birth_name": "Sourdeval"',
        '"caption": "Femme de ',
    ):
        assert told in screen.getvalue()


def test_on_a_terminal_it_is_coloured() -> None:
    with tour(colour=True) as (walking, screen):
        walking.walk()

    assert "\x1b[36m" in screen.getvalue()
    assert "\x1b[35m" in screen.getvalue()
    assert "\x1b[32mok   \x1b[0m" in screen.getvalue()


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        pytest.param(
            rewriting("PATCH", b'{"external_id": null}'),
            ["no modern field has changed"],
            id="it loses a field",
        ),
        pytest.param(
            answering("GET", "/health_records", JSONResponse({"records": []})),
            ["the record stands in the list, a bare array"],
            id="its list has another form",
        ),
        pytest.param(
            answering("DELETE", "/health_records/", Response(status_code=204)),
            ["then it is gone: 404"],
            id="it deletes nothing",
        ),
        pytest.param(
            forbidding("/sharing_requests"),
            ["it adds to sharing_requests: 201"],
            id="it shares nothing",
        ),
        pytest.param(
            rewriting("POST", b"{}"),
            ["a legacy client makes a record: 201"],
            id="it makes no record",
        ),
    ],
)
def test_a_step_that_went_wrong_is_told(change: Change, steps: list[str]) -> None:
    with tour(change) as (walking, screen):
        right = walking.walk()

    assert not right
    wrong = wrong_steps(screen.getvalue())
    assert len(wrong) == len(steps)
    assert all(map(str.startswith, wrong, steps))
    assert "every step was right" not in screen.getvalue()


def test_what_is_lost_without_a_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_SET_ASIDE", "drop")

    with tour() as (walking, screen):
        walking.create()

    assert wrong_steps(screen.getvalue()) == []
    assert "the others are told as lost: email, home_phone, mobile_phone" in screen.getvalue()


def test_a_new_api_that_never_got_the_request_is_told() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    with tour(upstream=nobody) as (walking, screen):
        right = walking.walk()

    assert not right
    assert "a legacy client makes a record: 201" in wrong_steps(screen.getvalue())
