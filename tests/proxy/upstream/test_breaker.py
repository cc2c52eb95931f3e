"""Which operations are not asked for a while, and how they come back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from proxy.errors import SuspendedError
from proxy.observe.counts import Counts
from proxy.upstream.breaker import Breaker, Breakers

RATIO, SECONDS = 0.5, 1.0
OUTCOMES, AT_LEAST, WITHIN_SECONDS = 20, 10, 10.0


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Given:
    """A breaker, what it counts and the clock it goes by."""

    clock: Clock = field(default_factory=Clock)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.breaker = Breaker(RATIO, SECONDS, self.clock, self.counts.add)

    def fail(self, times: int = AT_LEAST) -> None:
        for _ in range(times):
            self.breaker.failed(self.breaker.admit())

    def succeed(self, times: int) -> None:
        for _ in range(times):
            self.breaker.succeeded(self.breaker.admit())

    def refuses(self) -> bool:
        try:
            self.breaker.abandoned(self.breaker.admit())
        except SuspendedError:
            return True
        return False

    def counted(self, label: str) -> int:
        return self.counts.of["breaker", label]


def test_it_opens_when_half_of_ten_calls_have_failed() -> None:
    given = Given()

    given.succeed(5)
    given.fail(4)
    assert not given.refuses()
    given.fail(1)

    assert given.refuses()
    assert given.breaker.is_open
    assert (given.counted("opened"), given.counted("refused")) == (1, 1)


def test_a_success_of_before_it_opened_says_nothing_of_what_came_after() -> None:
    given = Given()
    early = given.breaker.admit()
    given.fail()
    given.clock.now += SECONDS
    given.succeed(1)

    given.breaker.succeeded(early)
    given.fail(AT_LEAST - 1)

    assert not given.refuses()


def test_fewer_calls_say_nothing() -> None:
    given = Given()

    given.fail(AT_LEAST - 1)

    assert not given.refuses()


def test_only_the_last_calls_count() -> None:
    given = Given()

    given.succeed(1000)
    given.fail(9)
    assert not given.refuses()
    given.fail(1)

    assert given.refuses()


def test_calls_of_long_ago_do_not_count() -> None:
    given = Given()

    given.fail(AT_LEAST - 1)
    given.clock.now += WITHIN_SECONDS + 0.01
    given.fail(1)

    assert not given.refuses()


def test_one_call_at_a_time_tries_whether_the_new_api_is_back() -> None:
    given = Given()
    given.fail()

    given.clock.now += SECONDS
    probe = given.breaker.admit()

    assert given.refuses()
    given.clock.now += 100 * SECONDS
    assert given.refuses(), "the first one is still under way"
    given.breaker.succeeded(probe)
    assert not given.breaker.is_open
    assert (given.counted("probed"), given.counted("closed")) == (1, 1)


def test_a_probe_that_succeeds_makes_it_forget_the_past() -> None:
    given = Given()
    given.fail()
    given.clock.now += SECONDS
    given.succeed(1)

    given.fail(AT_LEAST - 1)

    assert not given.refuses()


def test_a_probe_that_fails_keeps_it_open_for_as_long_again() -> None:
    given = Given()
    given.fail()
    given.clock.now += SECONDS
    probe = given.breaker.admit()
    given.clock.now += 0.75 * SECONDS

    given.breaker.failed(probe)

    given.clock.now += 0.75 * SECONDS
    assert given.refuses()
    given.clock.now += 0.25 * SECONDS
    assert not given.refuses()


def test_calls_from_before_it_opened_neither_close_it_nor_keep_it_open() -> None:
    given = Given()
    stragglers = [given.breaker.admit() for _ in range(6)]
    given.fail()

    given.breaker.succeeded(stragglers[0])
    given.breaker.abandoned(stragglers[1])
    given.clock.now += SECONDS / 2
    given.breaker.failed(stragglers[2])
    given.clock.now += SECONDS / 2
    probe = given.breaker.admit()
    given.breaker.abandoned(stragglers[3])
    given.breaker.succeeded(stragglers[4])

    assert given.breaker.is_open
    assert given.refuses(), "the probe is still under way"
    given.breaker.succeeded(probe)
    given.fail(AT_LEAST - 1)
    given.breaker.failed(stragglers[5])
    assert not given.breaker.is_open


def test_a_probe_that_was_abandoned_lets_another_one_follow_in_its_time() -> None:
    given = Given()
    given.fail()
    given.clock.now += SECONDS

    given.breaker.abandoned(given.breaker.admit())

    assert given.refuses()
    given.clock.now += SECONDS
    given.succeed(1)
    assert not given.breaker.is_open


async def called(breaker: Breaker, answer: asyncio.Future[None]) -> None:
    """How a call goes through a breaker."""
    admitted = breaker.admit()
    try:
        await answer
    except asyncio.CancelledError:
        breaker.abandoned(admitted)
        raise
    breaker.succeeded(admitted)


async def test_a_probe_that_is_cancelled_at_any_moment_leaves_room_for_the_next() -> None:
    given, loop = Given(), asyncio.get_running_loop()
    given.fail()

    for answered_meanwhile in (False, True):
        given.clock.now += SECONDS
        answer: asyncio.Future[None] = loop.create_future()
        probe = asyncio.create_task(called(given.breaker, answer))
        await asyncio.sleep(0)
        assert given.refuses()
        if answered_meanwhile:
            answer.set_result(None)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe

    given.clock.now += SECONDS
    given.succeed(1)
    assert not given.breaker.is_open
    assert given.counted("probed") == 3


def test_each_operation_has_its_own() -> None:
    clock, counts = Clock(), Counts()
    breakers = Breakers(RATIO, SECONDS, clock, counts.add)
    read, written = breakers.of("GET /things/{id}"), breakers.of("PUT /things/{id}")

    for _ in range(AT_LEAST):
        read.failed(read.admit())

    written.succeeded(written.admit())
    assert breakers.of("GET /things/{id}") is read
    assert breakers.of("GET /things/{id}").is_open
    assert counts.of["breaker", "opened"] == 1


def test_nobody_has_to_count() -> None:
    breaker = Breakers(1, SECONDS, Clock()).of("GET /things")

    for _ in range(AT_LEAST):
        breaker.failed(breaker.admit())

    assert breaker.is_open


@dataclass
class Call:
    admitted: int
    era: int
    """How often it had opened or closed when this call was admitted."""
    probe: bool


class AnyOrder(RuleBasedStateMachine):
    """Calls begin, end and are refused in any order; a plain model says what must hold."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(RATIO, SECONDS, self.clock)
        self.open = False
        self.era = 0
        self.past: list[tuple[float, bool]] = []
        self.probe: Call | None = None
        self.blocked_until = 0.0

    @rule(seconds=st.sampled_from([0.01, 0.25, 0.5, 1, 5, 11]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(target=calls, count=st.integers(1, 12))
    def some_begin(self, count: int) -> list[Call]:
        return [call for _ in range(count) if (call := self._begun()) is not None]

    def _begun(self) -> Call | None:
        passes = not self.open or (self.probe is None and self.clock.now >= self.blocked_until)
        try:
            admitted = self.breaker.admit()
        except SuspendedError:
            assert not passes
            return None
        assert passes
        call = Call(admitted, self.era, probe=self.open)
        if call.probe:
            self.probe = call
            self.blocked_until = self.clock.now + SECONDS
        return call

    @rule(ended=consumes(calls), failures=st.lists(st.booleans(), min_size=12, max_size=12))
    def they_end(self, ended: list[Call], failures: list[bool]) -> None:
        for call, failed in zip(ended, failures, strict=False):
            (self.breaker.failed if failed else self.breaker.succeeded)(call.admitted)
            if call is self.probe:
                self._probe_ended(failed=failed)
            elif call.era == self.era and not self.open:
                self._call_ended(failed=failed)

    @rule(ended=consumes(calls))
    def they_are_abandoned(self, ended: list[Call]) -> None:
        for call in ended:
            self.breaker.abandoned(call.admitted)
            if call is self.probe:
                self.probe = None

    def _probe_ended(self, *, failed: bool) -> None:
        self.probe = None
        if failed:
            self.blocked_until = self.clock.now + SECONDS
        else:
            self._turned(open_now=False)

    def _call_ended(self, *, failed: bool) -> None:
        self.past.append((self.clock.now, failed))
        recent = [
            failed
            for at, failed in self.past[-OUTCOMES:]
            if self.clock.now - at <= WITHIN_SECONDS + 1e-9
        ]
        if len(recent) >= AT_LEAST and sum(recent) >= RATIO * len(recent):
            self._turned(open_now=True)
            self.blocked_until = self.clock.now + SECONDS

    def _turned(self, *, open_now: bool) -> None:
        self.open = open_now
        self.era += 1
        self.past.clear()

    @invariant()
    def it_is_open_when_it_must_be(self) -> None:
        assert self.breaker.is_open == self.open


TestAnyOrder = AnyOrder.TestCase
