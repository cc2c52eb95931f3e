"""The laws again through the door: an HTTP client in front, the sandbox behind (trap 31)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.context import Document, equal, is_blank
from mappings.core.rules import Paired, SetAside, Shown
from proxy import strict_json
from proxy.app import create_app
from proxy.observe import logs
from proxy.settings import Settings
from sandbox import create_app as create_sandbox
from tests.documents import (
    HEALTH_RECORD,
    agrees,
    datetime_of_test,
    legacy_documents,
    legacy_values,
    modern_documents,
)
from tests.laws import through_http
from tests.laws.test_in_memory import writable

T = TypeVar("T")
BY_SERVER = {name for rule in HEALTH_RECORD.of_kind(Shown) for name in rule.modern}
ASIDE = {rule.legacy[0] for rule in HEALTH_RECORD.of_kind(SetAside)}


class World:
    """The gateway and the new API's stand-in, and a client of each, on one loop."""

    def __init__(self, options: str | None) -> None:
        sandbox = create_sandbox(seed=False)
        settings = Settings(upstream_url="http://127.0.0.1:9", pack_options=options)
        behind = httpx.ASGITransport(sandbox)
        gateway = create_app(settings, upstream=behind, clock=datetime_of_test)
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
    options = tmp_path_factory.mktemp("options") / "options.toml"
    options.write_text(f'[upstream.update]\nmethod = "{request.param}"\n', encoding="utf-8")
    world = World(str(options))
    yield world
    world.loop.run(world.legacy.aclose())
    world.loop.run(world.modern.aclose())
    world.loop.close()


@through_http
@given(data=st.data())
def test_a_record_that_is_made_reads_back_as_it_was_written(
    world: World, data: st.DataObject
) -> None:
    """Laws 1 and 2: what the new API can hold comes back, and the rest is named in the answer."""
    written = dict(data.draw(legacy_documents(HEALTH_RECORD)))
    written.pop("health_profile", None)

    async def steps(world: World) -> tuple[httpx.Response, httpx.Response]:
        made = await world.legacy.post("/records.json", content=strict_json.dump(written))
        assert made.status_code == 201, made.text
        read = await world.legacy.get(made.headers["location"].removeprefix("/api/v1"))
        return made, read

    made, read = world.run(steps)

    said = HEALTH_RECORD.canonical(written)
    carried = {name: value for name, value in said.items() if name not in ASIDE}
    assert agrees(carried, made.json())
    assert read.json() == made.json()
    lost = set(made.headers.get("passerelle-lost", "").split(", "))
    assert lost >= {name for name in ASIDE if not is_blank(written.get(name))}


@through_http
@given(data=st.data())
def test_a_write_changes_what_the_client_changed_and_nothing_else(
    world: World, data: st.DataObject
) -> None:
    """Law 3 (trap 1): undeclared modern fields, unknown codes and typed conditions included."""
    base = data.draw(modern_documents(HEALTH_RECORD, any_code=True))
    edited = data.draw(st.sets(st.sampled_from(writable(HEALTH_RECORD)))) - {"health_profile"}
    edits = {name: data.draw(legacy_values(HEALTH_RECORD, name)) for name in sorted(edited)}

    async def steps(world: World) -> tuple[dict[str, Any], httpx.Response, dict[str, Any]]:
        identity = await world.plant(base)
        read = await world.legacy.get(f"/records/{identity}.json")
        assert read.status_code == 200, read.text
        shown = read.json()
        written = await world.legacy.put(
            f"/records/{identity}.json", content=strict_json.dump({**shown, **edits})
        )
        return shown, written, await world.stored(identity)

    shown, written, after = world.run(steps)

    touched = {
        name
        for rule in HEALTH_RECORD.of_kind(Paired)
        if edited.intersection(rule.legacy)
        for name in rule.modern
    }
    assert written.status_code == 200, written.text
    for name, value in base.items():
        if name not in touched | BY_SERVER:
            assert equal(after[name], value), name
    new = after.keys() - base.keys() - touched - BY_SERVER
    assert all(is_blank(after[name]) for name in new)
    expected = HEALTH_RECORD.canonical({**shown, **edits})
    assert agrees({name: expected[name] for name in edited - ASIDE}, written.json())


@through_http
@given(data=st.data())
def test_reading_changes_nothing(world: World, data: st.DataObject) -> None:
    """Law 4: what is stored is the same after it was read, listed and read again."""
    base = data.draw(modern_documents(HEALTH_RECORD, any_code=True))

    async def steps(world: World) -> tuple[httpx.Response, dict[str, Any]]:
        identity = await world.plant(base)
        first = await world.legacy.get(f"/records/{identity}.json")
        again = await world.legacy.get(f"/records/{identity}.json")
        assert first.content == again.content
        return first, await world.stored(identity)

    first, after = world.run(steps)

    assert list(first.json()) == list(HEALTH_RECORD.legacy.model_fields)
    assert equal(after, base)
