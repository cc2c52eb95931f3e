"""Whatever ends a plain request early: nothing of it stays, and a creation goes on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import httpx
import pytest
import respx

from mappings.core.record_mapping import RecordMapping
from proxy.front.fast_path import FastPath
from proxy.legacy_request import Fields
from proxy.upstream.connection import Connection as UpstreamConnection
from tests.proxy.conftest import Gateways, LogLines
from tests.proxy.documents import ID, legacy_document, modern_document
from tests.proxy.front.both_ways import (
    GOOD,
    LEGACY,
    MADE,
    MODERN,
    READ,
    Way,
    answer,
    both_ways,
    get,
    one_way,
    post,
    settled,
)
from tests.wire.loops import anyio_backend

__all__ = ["anyio_backend"]

WAYS = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])


async def begun(way: Way, request: bytes, good: Any, steps: Any = None) -> asyncio.Event:
    """A request whose call has arrived, and what lets the new API answer it."""
    await way.ask(request, good)
    await way.ask(request, good)
    while not way.api.came.empty():
        way.api.came.get_nowait()
    gate = asyncio.Event()
    way.api.plan = [(gate, *(steps or good))]
    _, writer = await way.connection()
    writer.write(request)
    await way.api.came.get()
    return gate


async def until(done: Any) -> None:
    """Wait for what the loop still has to do."""
    while not done():  # noqa: ASYNC110 - nobody tells it, and it is a matter of steps
        await asyncio.sleep(0)


def held(way: Way) -> tuple[int, ...]:
    gateway = way.gateway
    return gateway.turns.in_flight, gateway.room.held, len(way.state.tasks)


@WAYS
async def test_a_reading_ends_when_its_client_leaves(
    fast: bool, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast) as way:
        await begun(way, get(), GOOD)
        way.logged()

        way.leave()
        await until(lambda: held(way) == (0, 0, 0))

        (line,) = way.logged()
        assert (line["legacy_status"], line["upstream_status"]) == (499, None)
        assert way.gateway.counts.of["left", ""] == 1
        assert way.gateway.counts.of["closed", "cancelled"] == 1
        assert way.gateway.upstream.connections.used == 0
        assert not way.over


@WAYS
@pytest.mark.parametrize(
    ("steps", "status"), [(MADE, 201), ((answer(b"{}", 409),), 409)], ids=["made", "refused"]
)
async def test_a_creation_goes_on_when_its_client_leaves(
    fast: bool, steps: Any, status: int, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast) as way:
        gate = await begun(way, post(), MADE, steps)
        way.logged()
        way.leave()
        await settled()

        gate.set()
        await until(lambda: held(way) == (0, 0, 0))

        assert [line["legacy_status"] for line in way.logged()] == [status]
        assert "left" not in {name for name, _ in way.gateway.counts.of}
        assert len(way.over) == (fast and status != 201)


@WAYS
async def test_what_comes_behind_a_request_is_answered_behind_it(
    fast: bool, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast) as way:
        gate = await begun(way, get(), GOOD)
        way.api.plan.append((answer(b"{}", 404),))
        reader, writer = await way.connection()
        writer.write(get() + get())
        way.api.plan.append(GOOD)
        await settled()

        gate.set()
        heads = [await way.answered(reader, get()) for _ in range(3)]

        assert [head[9:12] for head in heads] == [b"200", b"404", b"200"]


@WAYS
async def test_the_answer_of_a_server_that_ends_is_the_last_one(
    fast: bool, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast) as way:
        gate = await begun(way, get(), GOOD)
        reader, _ = await way.connection()
        for connection in list(way.state.connections):
            connection.shutdown()

        gate.set()

        assert b"\r\nconnection: close\r\n" in await way.answered(reader, get())
        assert await reader.read() == b""


@WAYS
@pytest.mark.parametrize(
    ("asked", "status"),
    [((get(), GOOD), b"503"), ((post(), MADE), b"504")],
    ids=["reading", "creation"],
)
async def test_when_the_patience_of_the_server_is_over_each_client_is_told(
    fast: bool, asked: Any, status: bytes, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast) as way:
        await begun(way, *asked)
        reader, _ = await way.connection()

        for task in way.state.tasks:
            task.cancel(msg="patience")

        assert (await way.answered(reader, asked[0]))[9:12] == status
        assert held(way) == (0, 0, 0)


async def test_an_answer_that_comes_with_the_end_of_patience_is_given(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True) as way:
        await begun(way, get(), GOOD)
        reader, _ = await way.connection()
        (request,) = way.state.tasks
        request.cancel()
        # In the same moment the answer is there.
        flight = request._flight  # type: ignore[attr-defined]  # it is one of ours
        flight.connection.data_received(answer())

        assert (await way.answered(reader, get()))[9:12] == b"200"
        assert held(way) == (0, 0, 0)


@WAYS
async def test_where_no_turn_is_free_a_request_waits_for_one(
    fast: bool, tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=fast, max_requests=1) as way:
        gate = await begun(way, get(), GOOD)
        first, _ = await way.connection()
        second, writer = await way.another()
        way.api.plan += [GOOD, GOOD]
        writer.write(get())
        await until(lambda: way.gateway.turns.waiting)
        writer.write(get())

        gate.set()

        assert (await way.answered(first, get()))[9:12] == b"200"
        assert (await way.answered(second, get()))[9:12] == b"200"
        assert (await way.answered(second, get()))[9:12] == b"200"


async def test_a_request_that_finds_no_turn_on_a_known_head_gives_way(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True, max_requests=1) as way:
        await way.ask(get(), GOOD)
        await way.ask(get(), GOOD)
        assert way.gateway.turns.take_now()
        way.api.plan = [GOOD]
        reader, writer = await way.connection()
        writer.write(get())
        await until(lambda: way.gateway.turns.waiting)

        way.gateway.turns.give_back()

        assert (await way.answered(reader, get()))[9:12] == b"200"
        assert way.fast is not None
        assert way.fast.begun == 1


async def test_a_body_for_which_there_is_no_room_is_refused(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True) as way:
        await way.ask(post(), MADE)
        way.gateway.room.take(way.gateway.settings.max_held_bytes - len(LEGACY) + 1)

        refused, _, _ = await way.ask(post(), MADE)

        assert refused[9:12] == b"503"
        assert way.gateway.turns.in_flight == 0


async def test_one_whose_connection_is_taken_goes_like_all_others(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True, upstream_reuse="caller") as way:
        gate = await begun(way, get(), GOOD)
        first, _ = await way.connection()
        await way.another()
        way.api.plan += [GOOD, GOOD]
        await way.ask(get(), GOOD)

        await way.ask(get(), GOOD)
        gate.set()

        assert (await way.answered(first, get()))[9:12] == b"200"


async def test_callers_never_share_a_connection_where_they_must_not(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True, upstream_reuse="caller") as way:
        for credential in (b"Bearer a", b"Bearer b"):
            asked = get().replace(b"Bearer a", credential)
            for _ in range(3):
                way.api.came = asyncio.Queue()
                _, calls, _ = await way.ask(asked, GOOD)
                assert credential in calls[0]

        assert way.gateway.upstream.connections.idle == 2


async def test_no_call_leaves_the_machine_while_the_new_api_is_mocked(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True) as way:
        await way.ask(get(), GOOD)
        await way.ask(get(), GOOD)
        with respx.mock as mocked:
            mocked.get(url__regex=f".*/health_records/{ID}").respond(json=modern_document())
            _, calls, _ = await way.ask(get())

            assert not calls
            assert mocked.calls.call_count == 1


@pytest.mark.parametrize("fails", ["asked", "shown"])
async def test_what_fails_on_the_fast_path_is_told_and_goes_like_all_others(
    fails: str, tmp_path: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise OSError("Perrine Kerlouan")

    async with one_way(tmp_path, log_lines, fast=True) as way:
        await way.ask(get(), GOOD)
        monkeypatch.setattr(f"proxy.journey.direct.DirectReading.{fails}", fail)

        answered, calls, logged = await way.ask(get(), GOOD)

        assert answered[9:12] == b"200"
        assert len(calls) == 1
        told = [(line["event"], line.get("error")) for line in logged]
        assert told == [("failure", "OSError"), ("request", None)]
        assert "Perrine" not in str(logged)
        assert held(way) == (0, 0, 0)


async def test_a_call_that_cannot_be_written_holds_nothing(
    tmp_path: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: UpstreamConnection, *given: object) -> None:
        connection._reader = Mock()
        raise RuntimeError

    async with one_way(tmp_path, log_lines, fast=True) as way:
        await way.ask(post(), MADE)
        monkeypatch.setattr(UpstreamConnection, "begin", fail)
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        reader, writer = await way.connection()
        writer.write(post())

        assert await reader.read() == b""
        assert held(way) == (0, 0, 0)
        assert way.gateway.upstream.connections.used == 0


async def test_a_creation_is_plain_also_where_its_mapping_has_no_form_for_bytes(
    tmp_path: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecordMapping, "from_client", lambda mapping: None)
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(post(), MADE)

        assert (await ways.same(post(), MADE))[9:12] == b"201"

        assert ways.begun == 2


async def test_a_credential_that_cannot_be_written_goes_like_all_others(
    tmp_path: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> bytes:
        raise httpx.LocalProtocolError("a control character")

    monkeypatch.setattr("proxy.upstream.request.Form.template", refuse)
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            assert (await ways.same(get(), GOOD))[9:12] == b"200"

        assert ways.begun == 0


@pytest.mark.parametrize("name", ["tokens", "opaque"])
async def test_where_the_credential_becomes_another_no_request_is_plain(
    name: str, gateways: Gateways
) -> None:
    gateway = gateways.app(intent_minutes=0).state.gateway
    fields = Fields([(b"authorization", b"Bearer a")])
    assert FastPath(gateway).known(b"GET", fields) is not None

    credentials = replace(gateway.credentials, **{name: cast("Any", object())})

    assert FastPath(replace(gateway, credentials=credentials)).known(b"GET", fields) is None


async def test_nothing_of_a_request_stays_on_an_idle_connection(
    tmp_path: Path, log_lines: LogLines
) -> None:
    body = json.dumps(legacy_document(first_name="Perrine Kerlouan")).encode()
    async with one_way(tmp_path, log_lines, fast=True) as way:
        await way.ask(post(body), MADE)
        await way.ask(post(body), MADE)

        (connection,) = way.state.connections
        request = connection._running  # type: ignore[union-attr]  # ours has one
        kept = [getattr(request, name, None) for name in request.__slots__]

        assert b"Perrine" not in repr(kept).encode()
        assert not hasattr(request, "_body")
        assert way.fast is not None
        assert way.fast.begun == 1


async def test_another_record_is_never_shown_in_its_place(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)

        other = get(READ.replace(ID, ID.replace("4", "5")))

        assert (await ways.same(other, (answer(MODERN),)))[9:12] == b"502"
