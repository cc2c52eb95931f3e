"""The laws again through the door: an HTTP client in front, the sandbox behind (trap 31)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.context import Document, equal, is_blank
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired, Shown
from mappings.mesvaccins import PACK
from proxy import strict_json
from proxy.app import create_app
from proxy.observe import logs
from proxy.settings import Settings
from proxy.settings.keys import new_key
from sandbox import create_app as create_sandbox
from tests.documents import (
    CONDITIONS,
    HEALTH_RECORD,
    VACCINATION,
    agrees,
    datetime_of_test,
    legacy_documents,
    legacy_values,
    modern_documents,
)
from tests.laws import through_http
from tests.laws.edits import writable

T = TypeVar("T")
BY_SERVER = {name for rule in HEALTH_RECORD.of_kind(Shown) for name in rule.modern}
IDS = st.uuids().map(str)


def write_tables(folder: Path) -> Path:
    """The operator's tables, as the documents of these tests are drawn from them."""
    folder.mkdir()
    kinds = {True: "boolean", False: "date"}
    conditions = [
        {"id": number, "uuid": uuid, "type": kinds[number in CONDITIONS.boolean]}
        for number, uuid in CONDITIONS.by_id.items()
    ]
    for name, rows in (("conditions", conditions), ("vaccines", PACK.sample.tables["vaccines"])):
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


class World:
    """The gateway and the new API's stand-in, and a client of each, on one loop."""

    def __init__(self, folder: Path, method: str) -> None:
        options = folder / "options.toml"
        options.write_text(f'[upstream.update]\nmethod = "{method}"\n', encoding="utf-8")
        sandbox = create_sandbox(seed=False)
        settings = Settings(
            upstream_url="http://127.0.0.1:9",
            pack_options=options,
            tables=write_tables(folder / "tables"),
            data_dir=folder / "state",
            keys=new_key(),
            # The same document that is drawn twice is meant twice.
            intent_minutes=0,
        )
        behind = httpx.ASGITransport(sandbox)
        gateway = create_app(settings, upstream=behind, clock=datetime_of_test)
        self.store = gateway.state.gateway.memory.store
        self.legacy = httpx.AsyncClient(
            transport=httpx.ASGITransport(gateway), base_url="http://old.example/api/v1"
        )
        self.modern = httpx.AsyncClient(transport=behind, base_url="http://new.example")
        self.loop = asyncio.Runner()
        logs.silence()

    def run(self, steps: Callable[[World], Awaitable[T]]) -> T:
        async def walk() -> T:
            return await steps(self)

        return self.loop.run(walk())

    async def plant(self, record: Document) -> str:
        """Put a record into the new API as it is."""
        identity = str(record["id"])
        planted = await self.modern.put(
            f"/_sandbox/records/{identity}", content=strict_json.dump(record)
        )
        assert planted.status_code == 204
        return identity

    async def stored(self, identity: str) -> dict[str, Any]:
        """A record as the new API has it."""
        stored: dict[str, Any] = (await self.modern.get(f"/_sandbox/records/{identity}")).json()
        return stored


@pytest.fixture(scope="module", params=["PATCH", "PUT"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"), request.param)
    yield world
    world.loop.run(world.store.close())
    world.loop.run(world.legacy.aclose())
    world.loop.run(world.modern.aclose())
    world.loop.close()


@through_http
@given(data=st.data())
def test_a_record_that_is_made_reads_back_as_it_was_written(
    world: World, data: st.DataObject
) -> None:
    """Laws 1 and 2: every field, vaccinations and values set aside included."""
    written = data.draw(legacy_documents(HEALTH_RECORD))

    async def steps(world: World) -> tuple[httpx.Response, httpx.Response]:
        made = await world.legacy.post("/records.json", content=strict_json.dump(written))
        assert made.status_code == 201, made.text
        read = await world.legacy.get(made.headers["location"].removeprefix("/api/v1"))
        return made, read

    made, read = world.run(steps)

    assert agrees(HEALTH_RECORD.canonical(written), made.json())
    assert read.json() == made.json()


@dataclass(frozen=True)
class Edit:
    """What a client makes of one vaccination that it read: changes, or leaves it out."""

    changes: Document
    left_out: bool = False


def edits_of(data: st.DataObject, mapping: RecordMapping, but: frozenset[str]) -> Document:
    """Other values for any of the fields that a client may write."""
    names = [name for name in writable(mapping) if name not in but]
    edited = data.draw(st.sets(st.sampled_from(names)))
    return {name: data.draw(legacy_values(mapping, name)) for name in sorted(edited)}


def base_with_acts(data: st.DataObject) -> dict[str, Any]:
    """A modern record with any fields, whose vaccinations have ids and are its own."""
    base = dict(data.draw(modern_documents(HEALTH_RECORD, any_code=True)))
    acts = data.draw(st.lists(modern_documents(VACCINATION, any_code=True), max_size=2))
    ids = data.draw(st.lists(IDS, min_size=len(acts), max_size=len(acts), unique=True))
    base["vaccination_acts"] = [
        {**act, "id": identity, "health_record_id": base["id"]}
        for act, identity in zip(acts, ids, strict=True)
    ]
    return base


def touched(mapping: RecordMapping, edited: Document) -> set[str]:
    """The modern fields that are paired with an edit."""
    return {
        name
        for rule in mapping.of_kind(Paired)
        if not edited.keys().isdisjoint(rule.legacy)
        for name in rule.modern
    }


@through_http
@given(data=st.data())
def test_a_write_changes_what_the_client_changed_and_nothing_else(
    world: World, data: st.DataObject
) -> None:
    """Law 3 (trap 1): undeclared modern fields, unknown codes and typed conditions included."""
    base = base_with_acts(data)
    edits = edits_of(data, HEALTH_RECORD, frozenset({"vaccinations"}))
    of_acts = [
        Edit(edits_of(data, VACCINATION, frozenset()), data.draw(st.booleans()))
        for _ in base["vaccination_acts"]
    ]
    made = data.draw(st.lists(legacy_documents(VACCINATION), max_size=1))
    made = [{name: value for name, value in act.items() if name != "id"} for act in made]

    async def steps(world: World) -> tuple[dict[str, Any], httpx.Response, dict[str, Any]]:
        identity = await world.plant(base)
        read = await world.legacy.get(f"/records/{identity}.json")
        assert read.status_code == 200, read.text
        shown = read.json()
        acts = [
            {**act, **edit.changes}
            for act, edit in zip(shown["vaccinations"], of_acts, strict=True)
            if not edit.left_out
        ]
        document = {**shown, **edits, "vaccinations": [*made, *acts]}
        written = await world.legacy.put(
            f"/records/{identity}.json", content=strict_json.dump(document)
        )
        return shown, written, await world.stored(identity)

    shown, written, after = world.run(steps)

    assert written.status_code == 200, written.text
    in_calls = {"vaccination_acts"}
    assert_untouched(base, after, touched(HEALTH_RECORD, edits) | BY_SERVER | in_calls)
    assert_shown(HEALTH_RECORD, shown, edits, written.json())
    kept = after["vaccination_acts"][: len(of_acts)]
    for position, (act, edit) in enumerate(zip(kept, of_acts, strict=True)):
        changes = {} if edit.left_out else edit.changes
        stored, read = base["vaccination_acts"][position], shown["vaccinations"][position]
        assert_untouched(stored, act, touched(VACCINATION, changes))
        assert_shown(VACCINATION, read, changes, written.json()["vaccinations"][position])
    new = written.json()["vaccinations"][len(of_acts) :]
    assert agrees([VACCINATION.canonical(act) for act in made], new)


def assert_untouched(base: Document, after: Document, may_differ: set[str]) -> None:
    """What no edit is paired with is as it was; a field that came in says nothing."""
    for name, value in base.items():
        if name not in may_differ:
            assert equal(after[name], value), name
    new = after.keys() - base.keys() - may_differ
    assert all(is_blank(after[name]) for name in new)


def assert_shown(
    mapping: RecordMapping, shown: Document, edits: Document, answer: Document
) -> None:
    """The answer shows every edit, also of what is set aside."""
    expected = mapping.canonical({**shown, **edits})
    assert agrees({name: expected[name] for name in edits}, answer)


@through_http
@given(data=st.data())
def test_reading_changes_nothing(world: World, data: st.DataObject) -> None:
    """Law 4: what is stored is the same after it was read, listed and read again."""
    base = base_with_acts(data)

    async def steps(world: World) -> tuple[httpx.Response, dict[str, Any]]:
        identity = await world.plant(base)
        first = await world.legacy.get(f"/records/{identity}.json")
        again = await world.legacy.get(f"/records/{identity}.json")
        assert first.content == again.content
        return first, await world.stored(identity)

    first, after = world.run(steps)

    assert list(first.json()) == list(HEALTH_RECORD.legacy.model_fields)
    assert equal(after, base)
