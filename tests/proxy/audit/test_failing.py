"""What happens while no line can be written, and once one can be again."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from proxy.audit.audit import Audit
from proxy.observe.metrics import Metrics
from tests.proxy.audit.written import (
    KEYS,
    Writer,
    events_in,
    lines_in,
    no_file_beyond,
    no_file_can_be_begun,
    tamper,
)
from tests.proxy.conftest import Gateways, LogLines, legacy_client_of
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)
from tests.proxy.observe.told import teller


def settings_of(writer: Writer, **others: Any) -> dict[str, Any]:
    return {"audit_dir": writer.path, "audit_key": SecretStr(KEYS), **others}


def audit_of(app: Any) -> Audit:
    audit: Audit = app.state.gateway.audit
    return audit


LAST_TWO = ["answered", "closed"]


@contextmanager
def pipe_in_the_place_of(path: Path) -> Iterator[None]:
    """What is open as this file is a pipe now, that nobody reads: it takes no line back."""
    links = ((int(fd), f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    opened = next(fd for fd, link in links if os.path.realpath(link) == str(path))
    reads, writes = os.pipe()
    os.close(reads)
    os.dup2(writes, opened)
    os.close(writes)
    yield


def size_of(writer: Writer) -> int:
    (path,) = writer.folder.files()
    return path.stat().st_size


@pytest.mark.parametrize(
    "asked",
    [("GET", RECORD, None), ("HEAD", RECORD, None), ("POST", RECORDS, legacy_document())],
    ids=lambda asked: asked[0],
)
async def test_while_no_line_can_be_written_nothing_is_asked_of_the_new_api(
    gateways: Gateways, writer: Writer, log_lines: LogLines, asked: tuple[str, str, Any]
) -> None:
    method, path, document = asked
    app = gateways.app(**settings_of(writer))
    client = legacy_client_of(app)

    with no_file_can_be_begun(writer.path):
        await audit_of(app).look()
        told = await teller(app, Metrics())()
        response = await client.request(method, path, json=document)

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert method == "HEAD" or "error" in response.json()
    assert told.not_ready == ("audit",)
    assert app.state.gateway.counts.of == {("audit", "refused"): 1}
    assert log_lines()[0]["event"] == "the audit log cannot be written"
    assert log_lines()[0]["reason"] == "EISDIR"


async def test_the_first_write_that_finds_the_disk_full_is_not_begun(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    app = gateways.app(**settings_of(writer))
    await audit_of(app).look()

    with no_file_beyond(size_of(writer)):
        response = await legacy_client_of(app).post(RECORDS, json=legacy_document())

    assert response.status_code == 503
    assert not upstream.calls
    assert app.state.gateway.counts.of["audit", "unwritten"] == 2


async def test_the_first_read_that_finds_the_disk_full_shows_nothing(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))
    await audit_of(app).look()

    with no_file_beyond(size_of(writer)):
        responses = [await legacy_client_of(app).get(RECORD) for _ in range(3)]

    assert [response.status_code for response in responses] == [503] * 3
    assert all("first_name" not in response.text for response in responses)
    assert len(upstream.calls) == 1


async def test_of_a_write_that_is_done_its_client_hears(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    """Its beginning is written down."""
    # The store is on the same disk: it is not to be written to.
    app = gateways.app(**settings_of(writer, intent_minutes=0))
    await audit_of(app).look()
    limit = size_of(writer) + 500
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    with no_file_beyond(limit):
        response = await legacy_client_of(app).post(RECORDS, json=legacy_document())

    assert response.status_code == 201
    assert events_in(writer.path) == ["opened", "begun"]


async def test_serving_resumes_by_itself_and_the_log_says_what_is_missing(
    gateways: Gateways, writer: Writer, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))
    client = legacy_client_of(app)
    await client.get(RECORD)
    with no_file_beyond(size_of(writer)):
        refused = [(await client.get(RECORD)).status_code for _ in range(2)]

    served = (await client.get(RECORD)).status_code
    audit_of(app).close()

    assert (refused, served) == ([503, 503], 200)
    assert events_in(writer.path) == ["opened", "answered", "resumed", "answered", "closed"]
    assert lines_in(writer.path)[2]["unwritten"] == 1
    assert writer.findings() == []
    assert writer.verified().files[0].unwritten == 1
    assert (await teller(app, Metrics())()).not_ready == ()
    assert "the audit log is written again" in [line["event"] for line in log_lines()]


async def test_where_serving_comes_first_requests_are_served_counted_and_told_once(
    gateways: Gateways, writer: Writer, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    app = gateways.app(**settings_of(writer, audit_failure="serve"))
    client = legacy_client_of(app)

    with no_file_can_be_begun(writer.path):
        statuses = [(await client.get(RECORD)).status_code for _ in range(3)]
        statuses.append((await client.post(RECORDS, json=legacy_document())).status_code)
        told = await teller(app, Metrics())()
    await client.get(RECORD)

    assert statuses == [200, 200, 200, 201]
    assert told.not_ready == ()
    assert app.state.gateway.counts.of["audit", "unwritten"] == 5
    events = [line["event"] for line in log_lines()]
    assert events.count("the audit log cannot be written") == 1
    assert [line.get("unwritten") for line in lines_in(writer.path)] == [None, 5, None]


async def test_it_is_tried_again_also_while_nobody_asks_for_anything(writer: Writer) -> None:
    """A worker that is not ready is asked for nothing."""
    audit = writer.audit()

    with no_file_can_be_begun(writer.path):
        await audit.look()
        failing = audit.refuses_all
    await audit.look()

    assert (failing, audit.refuses_all) == (True, False)
    assert events_in(writer.path) == ["opened", "resumed"]


async def test_a_file_on_a_disk_that_was_full_is_written_on_also_while_nobody_asks(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))
    await audit_of(app).look()
    with no_file_beyond(size_of(writer)):
        refused = await legacy_client_of(app).get(RECORD)

    await audit_of(app).look()

    assert refused.status_code == 503
    assert events_in(writer.path) == ["opened", "resumed"]
    assert not audit_of(app).is_failing


@pytest.mark.parametrize("how", ["removed", "moved", "moved with its folder", "cut"])
async def test_where_somebody_removed_or_cut_the_file_another_one_tells_of_it(
    writer: Writer, how: str
) -> None:
    audit = writer.audit()
    await audit.look()
    (path,) = writer.folder.files()
    tamper(path, how)
    writer.clock.let_pass(seconds=1)

    await audit.look()
    await audit.look()
    audit.close()

    assert not audit.is_failing
    found = writer.findings()
    assert found[-1].endswith(
        "file 0: was cut: file 1 tells of 1 lines"
        if how == "cut"
        else "is not there; file 0 tells of it"
    )


async def test_what_was_cut_while_it_is_written_is_told_as_it_was_written(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    """Whole lines are left: nothing but the process knows that there were more."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))
    for _ in range(5):
        await legacy_client_of(app).get(RECORD)
    (path,) = writer.folder.files()

    os.truncate(path, sum(map(len, path.read_bytes().splitlines(keepends=True)[:3])))
    writer.clock.let_pass(seconds=1)
    await audit_of(app).look()
    await audit_of(app).look()
    audit_of(app).close()

    assert writer.findings() == ["file 0: was cut: file 1 tells of 6 lines"]


async def test_a_process_that_ends_while_lines_are_missing_says_how_many(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer, audit_failure="serve"))
    await audit_of(app).look()
    with no_file_beyond(size_of(writer)):
        for _ in range(3):
            await legacy_client_of(app).get(RECORD)

    audit_of(app).close()

    assert events_in(writer.path) == ["opened", "closed"]
    assert writer.verified().files[0].unwritten == 3


async def test_while_another_process_keeps_the_folder_nobody_waits_and_no_file_is_begun(
    gateways: Gateways, writer: Writer, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))

    with writer.kept_by_another():
        waiting = asyncio.create_task(audit_of(app).look(patience_seconds=60))
        await writer.waited_for()
        refused = await legacy_client_of(app).get(RECORD)
        waits = not waiting.done()
    await waiting
    served = await legacy_client_of(app).get(RECORD)

    assert (refused.status_code, waits, served.status_code) == (503, True, 200)
    assert log_lines()[0]["reason"] == "EAGAIN"
    assert events_in(writer.path) == ["opened", "resumed", "answered"]


async def test_no_request_holds_up_the_others_until_another_process_gets_on(
    gateways: Gateways, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)

    with writer.kept_by_another():
        response = await legacy_client_of(gateways.app(**settings_of(writer))).get(RECORD)

    assert response.status_code == 503
    assert slept == []


async def test_a_process_that_waits_in_vain_for_its_first_file_is_not_ready(
    gateways: Gateways, writer: Writer, log_lines: LogLines
) -> None:
    app = gateways.app(**settings_of(writer))

    with writer.kept_by_another():
        await audit_of(app).look(patience_seconds=0)
        told = await teller(app, Metrics())()

    assert told.not_ready == ("audit",)
    assert [line["reason"] for line in log_lines()] == ["EAGAIN"]
    assert events_in(writer.path) == []


async def test_a_full_file_is_written_as_long_as_another_process_keeps_the_folder(
    gateways: Gateways, writer: Writer, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer, audit_file_bytes=10))
    audit = audit_of(app)
    await audit.look()

    with writer.kept_by_another():
        await audit.look(patience_seconds=0)
        waiting = asyncio.create_task(audit.look(patience_seconds=60))
        await writer.waited_for()
        served = await legacy_client_of(app).get(RECORD)
    await waiting
    audit.close()

    assert served.status_code == 200
    assert log_lines()[0]["event"] == "no other file of the audit log can be begun"
    assert log_lines()[0]["reason"] == "EAGAIN"
    assert events_in(writer.path) == ["opened", "answered", "closed", "opened", "closed"]
    assert [len(it["before"]) for it in lines_in(writer.path) if it["event"] == "opened"] == [0, 1]
    assert lines_in(writer.path)[3]["before"][0]["closed"]
    assert writer.findings() == []


async def test_a_full_file_that_fails_before_the_next_one_is_begun_is_left_as_it_is(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer, audit_file_bytes=10))
    audit = audit_of(app)
    await audit.look()

    with writer.kept_by_another():
        waiting = asyncio.create_task(audit.look(patience_seconds=60))
        await writer.waited_for()
        with pipe_in_the_place_of(writer.folder.files()[0]):
            refused = await legacy_client_of(app).get(RECORD)
    await waiting
    await audit.look()
    audit.close()

    assert refused.status_code == 503
    assert events_in(writer.path) == ["opened", "opened", "resumed", "closed"]
    assert writer.findings() == []


async def test_where_half_a_line_cannot_even_be_taken_back_another_file_is_begun(
    gateways: Gateways, writer: Writer, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(**settings_of(writer))
    client = legacy_client_of(app)
    await client.get(RECORD)
    with pipe_in_the_place_of(writer.folder.files()[0]):
        refused = await client.get(RECORD)

    served = await client.get(RECORD)
    audit_of(app).close()

    assert (refused.status_code, served.status_code) == (503, 200)
    assert events_in(writer.path) == ["opened", "answered", "opened", "resumed", *LAST_TWO]
    assert writer.findings() == []


async def test_another_file_is_begun_when_one_is_full(writer: Writer) -> None:
    audit = writer.audit(file_bytes=10)

    await audit.look()
    await audit.look()
    audit.close()

    assert events_in(writer.path) == ["opened", "closed"] * 2
    assert writer.findings() == []


async def test_a_full_file_on_a_full_disk_is_left_as_it_is(writer: Writer) -> None:
    audit = writer.audit(file_bytes=10)
    await audit.look()

    with no_file_beyond(size_of(writer)):
        await audit.look()
    failing = audit.is_failing
    writer.clock.let_pass(seconds=1)
    await audit.look()
    audit.close()

    assert failing
    assert events_in(writer.path) == ["opened", "opened", "resumed", "closed"]
    assert writer.findings() == []


async def test_a_process_that_ends_closes_its_file_once(writer: Writer) -> None:
    audit = writer.audit()

    async with audit.kept(every_seconds=0):
        await asyncio.sleep(0)
        await audit.look()
    audit.close()
    audit.close()

    assert events_in(writer.path) == ["opened", "closed"]


async def test_a_full_disk_at_the_end_is_no_reason_not_to_end(writer: Writer) -> None:
    audit = writer.audit()
    await audit.look()

    with no_file_beyond(size_of(writer)):
        audit.close()

    assert events_in(writer.path) == ["opened"]
