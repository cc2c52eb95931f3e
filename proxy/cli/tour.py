"""What the demo shows: a record made, read, written back, refused and deleted, step by step."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.json import JSON
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from mappings.core.context import Document, equal
from mappings.core.endpoint import Endpoint
from mappings.core.pack import Pack
from mappings.core.rules import Shown
from proxy import packs
from proxy.journey.headers import LOST
from proxy.settings import pack_settings_of_environment

TIMEOUT_SECONDS = 10
WIDE = 204
NOTHING: dict[str, Any] = {
    "method": "nothing",
    "path": "",
    "body": None,
    "status": "nothing",
    "answer": None,
}
"""What the new API got and gave where the gateway never called it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    document: Any


class Tour:
    """A legacy client's day, told to a person who watches."""

    def __init__(self, gateway: str, upstream: str, console: Console) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.console = console
        settings = pack_settings_of_environment()
        self.pack: Pack = packs.load(settings.pack, settings.pack_options).pack
        self.mapping = next(iter(self.pack.mappings.values()))
        self.wrong = 0

    def walk(self) -> bool:
        """Every step; whether all of them were right."""
        where = self.create()
        if where:
            self.add_within(where)
            self.read_and_write_back(where)
            self.be_refused(where)
            self.delete(where)
        wrong = "1 step" if self.wrong == 1 else f"{self.wrong} steps"
        said = f"{wrong} went wrong" if self.wrong else "every step was right"
        self.console.print(f"\n[bold]{said}[/]")
        return not self.wrong

    def create(self) -> str:
        """A record made by a legacy client; gives its legacy address."""
        created = dict(self.pack.sample.created)
        answer = self.show("a record", self.path("create"), created)
        self.step("a legacy client makes a record: 201", answer.status == 201)
        if answer.status != 201:
            return ""
        lost = _lost(answer)
        said = self.mapping.canonical(created)
        back = {name: value for name, value in said.items() if name not in lost}
        same = all(agrees(value, answer.document.get(name)) for name, value in back.items())
        self.step(f"it reads back {len(back)} of the {len(said)} fields that it wrote", same)
        if lost:
            self.step(f"the others are told as lost: {', '.join(lost)}", len(back) < len(said))
        return answer.headers["location"]

    def add_within(self, where: str) -> None:
        """Records within the record, made by the same client and read back."""
        for name, document in self.pack.sample.within.items():
            row = self.row("create", f"/{name}")
            answer = self.show(name, f"{self.below(where)}/{name}{self.pack.suffix}", document)
            self.step(f"it adds to {name}: 201", answer.status == 201)
            if answer.status != 201:
                continue
            read = call("GET", self.gateway + answer.headers["location"])
            said = row.mapping.canonical(document)
            same = all(agrees(value, read.document.get(it)) for it, value in said.items())
            self.step("it reads it back as it was written", same and not _lost(answer))

    def read_and_write_back(self, where: str) -> None:
        """Written back whole, a record keeps what only the new API knows."""
        modern = f"{self.upstream}{self.modern_path(where)}"
        other = call("PATCH", modern, dict(self.pack.sample.by_another_hand))
        self.step("another hand sets modern fields in the new API", other.status == 200)
        read = call("GET", self.gateway + where)
        self.step("the legacy client reads the record: 200", read.status == 200)
        before = call("GET", modern).document
        written = call("PUT", self.gateway + where, read.document)
        after = call("GET", modern).document
        by_server = {name for rule in self.mapping.of_kind(Shown) for name in rule.modern}
        untouched = all(
            equal(value, after.get(name)) for name, value in before.items() if name not in by_server
        )
        self.step("it writes the record back whole: 200", written.status == 200)
        self.step("no modern field has changed", untouched)
        listed = call("GET", f"{self.gateway}{self.path('list')}")
        self.step(
            "the record stands in the list, a bare array",
            isinstance(listed.document, list) and len(listed.document) > 1,
        )

    def be_refused(self, where: str) -> None:
        """A wrong value is refused in the old API's own words."""
        answer = call("PUT", self.gateway + where, dict(self.pack.sample.refused))
        self.console.print(
            panel("a wrong value", str(answer.status), answer.document, "yellow", fit=True)
        )
        self.step("a wrong value is refused, with every problem: 422", answer.status == 422)

    def delete(self, where: str) -> None:
        """Deleted is gone, on both sides."""
        self.step("it deletes the record: 204", call("DELETE", self.gateway + where).status == 204)
        self.step("then it is gone: 404", call("GET", self.gateway + where).status == 404)

    def step(self, text: str, right: bool) -> None:
        """Tell how one step went."""
        self.wrong += not right
        mark = "[green]ok   [/]" if right else "[bold red]WRONG[/]"
        self.console.print(f"{mark} {escape(text)}", soft_wrap=True)

    def show(self, title: str, path: str, document: Document) -> Answer:
        """Something made by a legacy client, shown with what the new API got and gave."""
        before = len(self.exchanges())
        answer = call("POST", self.gateway + path, dict(document))
        calls = [it for it in self.exchanges()[before:] if it["method"] == "POST"]
        got = (calls or [NOTHING])[0]
        told = f"{got['method']} {got['path']}"
        self.console.print(
            grid(
                (
                    panel(f"1  legacy request: {title}", f"POST {path}", dict(document), "cyan"),
                    panel("2  the new API gets", told, got["body"], "magenta"),
                    panel("3  the new API gives", str(got["status"]), got["answer"], "magenta"),
                    panel("4  legacy answer", str(answer.status), answer.document, "cyan"),
                ),
                columns=4 if self.console.width >= WIDE else 2,
            )
        )
        return answer

    def row(self, action: str, ending: str = "") -> Endpoint:
        """The first endpoint with this action, whose legacy path ends so."""
        return next(
            row
            for row in self.pack.endpoints
            if isinstance(row, Endpoint) and row.action == action and row.path.endswith(ending)
        )

    def path(self, action: str) -> str:
        """The legacy path of the first endpoint with this action."""
        return f"{self.pack.prefixes[0]}{self.row(action).path}{self.pack.suffix}"

    def below(self, where: str) -> str:
        """The legacy address under which a record's own records lie."""
        return where.removesuffix(self.pack.suffix)

    def modern_path(self, where: str) -> str:
        """The path under which the new API has the record at a legacy address."""
        call("GET", self.gateway + where)
        return str(self.exchanges()[-1]["path"])

    def exchanges(self) -> list[dict[str, Any]]:
        """What the new API's stand-in got and gave."""
        exchanges: list[dict[str, Any]] = call("GET", f"{self.upstream}/_sandbox/requests").document
        return exchanges


def _lost(answer: Answer) -> list[str]:
    """The fields that an answer names as lost."""
    return [name for name in answer.headers.get(LOST.lower(), "").split(", ") if name]


def agrees(said: Any, whole: Any) -> bool:
    """Whether everything that one document says stands in another, which may say more."""
    if isinstance(said, Mapping):
        return isinstance(whole, Mapping) and all(
            agrees(value, whole.get(name)) for name, value in said.items()
        )
    if isinstance(said, list):
        return isinstance(whole, list) and len(said) == len(whole) and all(map(agrees, said, whole))
    return equal(said, whole)


def call(method: str, url: str, document: Any = None) -> Answer:
    """One call, as a legacy application would make it."""
    body = None if document is None else json.dumps(document).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own URL
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return _answer(response.status, response.headers.items(), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers.items(), error.read())


def _answer(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    return Answer(status, dict(headers), json.loads(body) if body else None)


def grid(panels: Sequence[Panel], columns: int) -> Table:
    """Frames side by side, so many in a row."""
    table = Table.grid(expand=True)
    for _ in range(columns):
        table.add_column(ratio=1)
    for first in range(0, len(panels), columns):
        table.add_row(*panels[first : first + columns])
    return table


def panel(title: str, line: str, document: Any, colour: str, *, fit: bool = False) -> Panel:
    """A document in a frame, with its request line or status over it."""
    text = JSON.from_data(document, ensure_ascii=False)
    text.text.no_wrap, text.text.overflow = False, "fold"
    return Panel(Group(escape(line), text), title=title, border_style=colour, expand=not fit)
