"""Who has a turn, who waits for one and who is sent away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import OverloadedError
from proxy.journey.turns import Turns
from proxy.observe.counts import Counts

LONG = 3600


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, which must come without a wait."""
    with pytest.raises(StopIteration):
        work.send(None)


async def begun(turns: Turns) -> asyncio.Task[None]:
    """A task that waits for its turn."""
    task = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    return task


def test_a_free_turn_is_taken_without_a_wait() -> None:
    turns = Turns(2, 0, LONG)

    at_once(turns.take())
    at_once(turns.take())

    assert (turns.in_flight, turns.waiting) == (2, 0)
    turns.give_back()
    assert turns.in_flight == 1


async def test_who_waits_gets_a_turn_in_order() -> None:
    turns = Turns(1, 3, LONG)
    await turns.take()
    waiting = [await begun(turns) for _ in range(3)]
    assert (turns.in_flight, turns.waiting) == (1, 3)

    for order, task in enumerate(waiting, 1):
        turns.give_back()
        await task
        assert [other.done() for other in waiting] == [True] * order + [False] * (3 - order)

    turns.give_back()
    assert (turns.in_flight, turns.waiting) == (0, 0)


async def test_nobody_overtakes_whom_a_turn_was_handed_to() -> None:
    turns = Turns(1, 1, LONG)
    await turns.take()
    first = await begun(turns)

    turns.give_back()
    second = await begun(turns)

    assert (first.done(), second.done()) == (True, False)
    turns.give_back()
    await second


async def test_past_those_who_may_wait_a_request_is_refused() -> None:
    counts = Counts()
    turns = Turns(1, 1, LONG, counts.add)
    await turns.take()
    waiting = await begun(turns)

    with pytest.raises(OverloadedError) as refused:
        await turns.take()

    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    assert counts.of == {("overloaded", "full"): 1}
    turns.give_back()
    await waiting


async def test_where_none_may_wait_a_request_is_refused_at_once() -> None:
    turns = Turns(1, 0, LONG)
    await turns.take()

    with pytest.raises(OverloadedError):
        await turns.take()


async def test_who_has_waited_too_long_is_refused() -> None:
    counts = Counts()
    turns = Turns(1, 1, 0, counts.add)
    await turns.take()

    with pytest.raises(OverloadedError):
        await turns.take()

    assert counts.of == {("overloaded", "waited"): 1}
    assert (turns.in_flight, turns.waiting) == (1, 0)
    turns.give_back()
    assert turns.in_flight == 0


async def test_a_turn_that_comes_just_before_the_time_is_over_is_taken() -> None:
    turns = Turns(1, 1, 0)
    await turns.take()
    task = await begun(turns)

    # Both in the next step of the loop: this, and then the timer.
    asyncio.get_running_loop().call_soon(turns.give_back)
    await task

    assert (turns.in_flight, turns.waiting) == (1, 0)


async def test_a_turn_that_comes_just_after_the_time_is_over_is_not_lost() -> None:
    turns = Turns(1, 1, 0)
    await turns.take()
    task = await begun(turns)

    # Both in the next step of the loop: the timer, and then this.
    asyncio.get_running_loop().call_later(0, turns.give_back)
    with pytest.raises(OverloadedError):
        await task

    assert (turns.in_flight, turns.waiting) == (0, 0)


async def test_who_leaves_the_line_makes_room_for_another() -> None:
    turns = Turns(1, 1, LONG)
    await turns.take()
    first = await begun(turns)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    second = await begun(turns)
    turns.give_back()
    await second
    assert (turns.in_flight, turns.waiting) == (1, 0)


async def test_a_turn_goes_past_one_who_is_leaving_the_line() -> None:
    turns = Turns(1, 2, LONG)
    await turns.take()
    first, second = await begun(turns), await begun(turns)

    first.cancel()
    turns.give_back()
    await second

    assert first.cancelled()
    assert (turns.in_flight, turns.waiting) == (1, 0)


async def test_a_turn_handed_to_one_who_is_cancelled_in_that_moment_goes_to_the_next() -> None:
    turns = Turns(1, 2, LONG)
    await turns.take()
    first, second = await begun(turns), await begun(turns)

    turns.give_back()
    first.cancel()
    await second

    assert first.cancelled()
    assert (turns.in_flight, turns.waiting) == (1, 0)
    turns.give_back()
    assert turns.in_flight == 0


async def test_who_is_cancelled_as_the_time_is_over_has_no_turn_to_give() -> None:
    turns = Turns(1, 1, 0)
    await turns.take()
    task = await begun(turns)
    waiter = next(iter(turns._line))

    turns._waited(waiter)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (turns.in_flight, turns.waiting) == (1, 0)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.just(0)),
        st.tuples(st.just("go"), st.integers(0, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("let the loop run"), st.just(0)),
    ),
    max_size=40,
)


@given(turn_count=st.integers(1, 3), waiting=st.integers(0, 4), moves=MOVES)
def test_no_turn_is_ever_lost_or_given_twice(
    turn_count: int, waiting: int, moves: list[tuple[str, int]]
) -> None:
    asyncio.run(moved(Turns(turn_count, waiting, LONG), turn_count, moves))


async def moved(turns: Turns, turn_count: int, moves: list[tuple[str, int]]) -> None:
    """Play the moves, then let everybody go: all turns must be there, and nobody waiting."""
    working: list[asyncio.Event] = []
    tasks: list[asyncio.Task[None]] = []

    async def request() -> None:
        await turns.take()
        leave = asyncio.Event()
        working.append(leave)
        try:
            await leave.wait()
        finally:
            working.remove(leave)
            turns.give_back()

    for move, which in moves:
        match move:
            case "come":
                tasks.append(asyncio.create_task(request()))
            case "go" if working:
                working[which % len(working)].set()
            case "cancel" if tasks:
                tasks[which % len(tasks)].cancel()
            case "let the loop run":
                await asyncio.sleep(0)
        assert len(working) <= turns.in_flight <= turn_count

    while any(not task.done() for task in tasks):
        for leave in working:
            leave.set()
        await asyncio.sleep(0)
    for task in tasks:
        assert task.cancelled() or isinstance(task.exception(), OverloadedError | None)
    assert (turns.in_flight, turns.waiting) == (0, 0)
    for _ in range(turn_count):
        await turns.take()
