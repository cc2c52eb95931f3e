"""What the gateway answers and sends: every peer must do the same before it is measured."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.speed.peers import PEERS, PREFIX, Peer, Place
from bench.speed.processes import Running, free_port, running
from bench.speed.recorder import Recorder, recorder
from bench.speed.workload import TOKEN, WHOLE, WORKS, Work, Workload, upstream_answers, vaccines

IN_THE_TABLE = ("name", "cip_codes", "ucd_code", "diseases", "valences")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a document."""

    status: int
    document: Any


@dataclass(frozen=True, slots=True)
class Golden:
    """What is right."""

    answers: Mapping[str, Answer]
    """By work."""
    sent: Any
    """What a creation sends to the new API."""
    folder: Path
    workload: Workload = WHOLE

    @property
    def tables(self) -> Path:
        """The nomenclature and the ids that were given out, as the peers read them."""
        return self.folder / "tables.json"

    @property
    def operator(self) -> Path:
        """The folder with the operator's tables."""
        return self.folder / "operator"

    @property
    def store(self) -> Path:
        """The gateway's own store, with the same ids in it."""
        return self.folder / "store"


def ask(port: int, work: Work) -> Answer:
    """One answer; without a document where it is no JSON."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        line.request(work.method, work.path, work.body or None, headers)
        answer = line.getresponse()
        body = answer.read()
        try:
            return Answer(answer.status, json.loads(body))
        except ValueError:
            return Answer(answer.status, None)
    finally:
        line.close()


def started(peer: Peer, place: Place, core: int | str, stack: ExitStack) -> Running:
    """A peer at its place, until the stack closes."""
    command, env = peer.start(place)
    usual = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    serving = running(command, place.port, core, place.folder / "log", {**usual, **env})
    return stack.enter_context(serving)


def golden(folder: Path, core: int) -> Golden:
    """Taken from the gateway itself, before a new API that tells what it was sent."""
    right = Golden({}, None, folder)
    right.operator.mkdir(parents=True)
    right.store.mkdir()
    (right.operator / "vaccines.json").write_text(json.dumps(vaccines()))
    with ExitStack() as stack:
        upstream = stack.enter_context(recorder(upstream_answers()))
        place = Place(right.store, free_port(), _host(upstream), right.tables, right.operator)
        serving = started(PEERS[0], place, core, stack)
        answers = {name: ask(serving.port, work) for name, work in WORKS.items()}
        wrong = [name for name, work in WORKS.items() if answers[name].status != work.status]
        if wrong:
            raise RuntimeError(f"the gateway itself fails at {wrong}: {serving.log.read_text()}")
        sent = _posted(upstream)
    right.tables.write_text(json.dumps(_tables(right.store)))
    return Golden(answers, sent, folder)


def differences(peer: Peer, place: Place, core: int, right: Golden) -> list[str]:
    """Where a peer answers or sends something else; nothing where it does the same work."""
    with ExitStack() as stack:
        upstream = stack.enter_context(recorder(right.workload.answers()))
        at = replace(place, port=free_port(), upstream=_host(upstream))
        serving = started(peer, at, core, stack)
        found = []
        for name in right.answers.keys() & peer.works:
            answer, wanted = ask(serving.port, right.workload.works[name]), right.answers[name]
            found += [f"{name}: {it}" for it in unlike(answer.document, wanted.document, "")]
            if answer.status != wanted.status:
                found.append(f"{name}: status {answer.status}, not {wanted.status}")
        if {"create", "create-kept"} & set(peer.works):
            found += [f"sent: {it}" for it in unlike(_posted(upstream), right.sent, "")]
        return found


def unlike(found: Any, wanted: Any, pointer: str) -> Iterator[str]:
    """The places at which two documents differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in sorted(found.keys() | wanted.keys()):
            where = f"{pointer}/{name}"
            if name not in found or name not in wanted:
                yield f"{where}: {'missing' if name in wanted else 'not wanted'}"
            else:
                yield from unlike(found[name], wanted[name], where)
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for place, pair in enumerate(zip(found, wanted, strict=True)):
            yield from unlike(*pair, f"{pointer}/{place}")
    elif found != wanted or type(found) is not type(wanted):
        yield f"{pointer}: {str(found)[:60]!r}, not {str(wanted)[:60]!r}"


def _host(upstream: Recorder) -> str:
    return upstream.url.removeprefix("http://")


def _posted(upstream: Recorder) -> Any:
    """The document of the one creation that came last."""
    return next((sent for _, sent in reversed(upstream.seen) if sent is not None), None)


def _tables(store: Path) -> dict[str, Any]:
    program = Path(sys.executable).with_name("passerelle")
    exported = subprocess.run(  # noqa: S603 - the program itself
        [program, "crosswalk", "export", "--format", "ndjson"],
        env={**os.environ, f"{PREFIX}DATA_DIR": str(store)},
        stdout=subprocess.PIPE,
        check=True,
    )
    tables: dict[str, Any] = {"vaccinations": {}, "professionals": {}}
    for line in exported.stdout.splitlines():
        pair = json.loads(line)
        tables[f"{pair['kind']}s"][pair["modern_id"]] = pair["legacy_id"]
    tables["vaccines"] = {
        vaccine["uuid"]: {
            "id": int(vaccine["code"].removeprefix("VAC")),
            **{name: vaccine[name] for name in IN_THE_TABLE},
        }
        for vaccine in vaccines()
    }
    return tables
