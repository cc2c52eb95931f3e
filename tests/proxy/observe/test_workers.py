"""Workers on one side of a line, and what asks and adds them up on the other."""

import asyncio
import socket

from proxy.observe.reporting import HELLO, line, reporting
from proxy.observe.snapshot import Snapshot
from tests.proxy.observe.told import BUILD, always, ends, told

REQUESTS = ("passerelle_requests", ("/things/{id}", "GET", "200"))
TIMES = ("passerelle_request_duration_seconds", ("/things/{id}",))
TURNS = ("passerelle_turns_in_flight", ())


async def test_the_numbers_of_all_workers_are_added_up() -> None:
    async with ends() as both:
        await both.start(always(told(2)))
        await both.start(always(told(3)))

        totals = await both.workers.totals()

    assert totals.counters[REQUESTS] == 5
    assert totals.gauges[TURNS] == 4
    assert (totals.timings[TIMES][0], totals.timings[TIMES][-1]) == (2, 1.0)
    assert totals.builds == {BUILD: 2}
    assert totals.ready == 2


async def test_a_worker_is_asked_anew_each_time() -> None:
    counted = iter([1, 2, 3])

    async def tell() -> Snapshot:
        return told(next(counted))

    async with ends() as both:
        await both.start(tell)

        first = (await both.workers.totals()).counters[REQUESTS]
        second = (await both.workers.totals()).counters[REQUESTS]

    assert (first, second) == (1, 2)


async def test_what_happened_in_a_worker_stays_when_it_has_ended() -> None:
    counted = iter([1, 7])

    async def tell() -> Snapshot:
        return told(next(counted))

    async with ends() as both:
        worker = await both.start(tell)
        await both.workers.totals()
        await worker.aclose()
        await both.heard()

        totals = await both.workers.totals()

    assert totals.counters[REQUESTS] == 7
    assert totals.timings[TIMES][0] == 1
    assert totals.gauges == {}
    assert totals.ready == 0


async def test_of_a_worker_that_was_killed_the_last_answer_counts() -> None:
    own, given = socket.socketpair()
    own.setblocking(False)
    async with ends() as both:
        with given:
            socket.send_fds(both.tells, [HELLO], [given.fileno()])
        await both.heard()
        asking = asyncio.create_task(both.workers.totals())
        await both.heard()
        own.close()

        totals = await asking

    assert totals.counters == {}
    assert totals.not_ready == {}


async def test_half_a_line_counts_for_nothing() -> None:
    own, given = socket.socketpair()
    with own:
        async with ends() as both:
            with given:
                socket.send_fds(both.tells, [HELLO], [given.fileno()])
            own.sendall(b'{"process": ')
            own.shutdown(socket.SHUT_WR)
            await both.heard()

            totals = await both.workers.totals()

    assert totals.counters == {}


async def test_a_worker_that_does_not_answer_keeps_its_last_numbers_and_is_silent() -> None:
    answers = asyncio.Event()
    answers.set()

    async def tell() -> Snapshot:
        await answers.wait()
        return told(4)

    async with ends(patience_seconds=0.05) as both:
        await both.start(tell)
        await both.start(always(told(1)))
        before = await both.workers.totals()
        answers.clear()

        after = await both.workers.totals()

        answers.set()
    assert before.counters == after.counters
    assert (before.ready, after.ready) == (2, 1)
    assert after.not_ready == {"silent": 1}
    assert after.gauges[TURNS] == 2


async def test_a_worker_that_never_told_anything_is_silent_too() -> None:
    own, given = socket.socketpair()
    with own:
        async with ends(patience_seconds=0.01) as both:
            with given:
                socket.send_fds(both.tells, [HELLO], [given.fileno()])
            await both.heard()

            totals = await both.workers.totals()

    assert totals.not_ready == {"silent": 1}
    assert totals.counters == {}


async def test_why_workers_take_no_requests_is_counted() -> None:
    async with ends() as both:
        await both.start(always(told(1, "store", "draining")))
        await both.start(always(told(1, "store", breaker=1)))

        totals = await both.workers.totals()

    assert totals.not_ready == {"store": 2, "draining": 1}
    assert totals.ready == 0
    assert totals.open_breakers == ["GET /things/{id}"]


async def test_a_worker_works_on_when_nobody_hears_it_any_more() -> None:
    hears, tells = line()
    worked = False
    with tells:
        async with reporting(tells, always(told())):
            with hears:
                _, (given,), _, _ = socket.recv_fds(hears, 1, 1)
            with socket.socket(fileno=given) as asks:
                asks.sendall(b"?")
            worked = True

    assert worked


async def test_without_an_admin_port_nothing_is_told() -> None:
    before = asyncio.all_tasks()

    async with reporting(None, always(told())):
        during = asyncio.all_tasks()

    assert during == before
