"""One timer ends every request that takes too long, and no other."""

from __future__ import annotations

import asyncio

import pytest

from proxy.journey.deadlines import Deadlines

SHORT = 0.02
LONG = 30.0


async def for_ever(deadlines: Deadlines, began: asyncio.Event | None = None) -> bool:
    """Wait until somebody ends it; whether that was because it was late."""
    task = asyncio.current_task()
    assert task is not None
    deadlines.begin(task)
    if began is not None:
        began.set()
    try:
        await asyncio.sleep(LONG)
    except asyncio.CancelledError:
        if not deadlines.end(task):
            raise
        task.uncancel()
        return True
    return False


async def test_each_request_is_ended_when_its_own_time_is_over() -> None:
    deadlines = Deadlines(SHORT)

    async with asyncio.timeout(LONG / 2):
        first = asyncio.create_task(for_ever(deadlines))
        await asyncio.sleep(SHORT / 2)
        second = asyncio.create_task(for_ever(deadlines))
        late = await first
        between = second.done()
        both = await second

    assert (late, between, both) == (True, False, True)


async def test_a_request_that_was_over_in_time_is_left_alone() -> None:
    deadlines, task = Deadlines(SHORT), asyncio.current_task()
    assert task is not None
    ends_at = deadlines.begin(task)

    late = deadlines.end(task)
    await asyncio.sleep(SHORT * 2)

    assert asyncio.get_running_loop().time() >= ends_at
    assert not late
    assert not task.cancelling()


async def test_one_whose_deadline_is_put_off_goes_on() -> None:
    deadlines, task = Deadlines(SHORT), asyncio.current_task()
    assert task is not None
    deadlines.begin(task)

    deadlines.put_off(task)
    await asyncio.sleep(SHORT * 2)

    assert not deadlines.end(task)


async def test_one_that_is_cancelled_by_another_hand_was_not_late() -> None:
    deadlines, began = Deadlines(LONG), asyncio.Event()
    task = asyncio.create_task(for_ever(deadlines, began))
    await began.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
