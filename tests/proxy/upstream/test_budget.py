"""How many calls may be tried once more, whatever comes in whatever order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.budget import SLICES, RetryBudget

SECONDS = 10
FOREVER = 1000


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def granted(budget: RetryBudget) -> int:
    """How many retries it grants in one moment."""
    return next(count for count in range(FOREVER) if not budget.withdraw())


def deposited(budget: RetryBudget, times: int) -> None:
    for _ in range(times):
        budget.deposit()


@given(
    hundredths=st.integers(0, 100),
    per_second=st.integers(0, 12),
    seconds=st.sampled_from([0.5, 1, 10, 60]),
    steps=st.lists(
        st.tuples(
            st.sampled_from([0, 0.01, 0.1, 0.5, 0.99, 1, 3.3, 9.99, 10, 25]),
            st.integers(0, 40),
            st.integers(0, 20),
        ),
        max_size=30,
    ),
)
def test_over_any_window_no_more_is_granted_than_was_paid_for_lately_and_is_free(
    hundredths: int, per_second: int, seconds: float, steps: list[tuple[float, int, int]]
) -> None:
    ratio, clock = hundredths / 100, Clock(1000.0)
    budget = RetryBudget(ratio, clock, per_second=per_second, seconds=seconds)
    moments: list[tuple[float, int, int]] = []

    for passed, calls, tries in steps:
        clock.now += passed
        deposited(budget, calls)
        moments.append((clock.now, calls, sum(budget.withdraw() for _ in range(tries))))

    for first, (begin, _, _) in enumerate(moments):
        for last, (end, _, _) in enumerate(moments[first:], first):
            paid = sum(calls for at, calls, _ in moments[: last + 1] if at > begin - seconds)
            free = per_second * (end - begin) + per_second
            retries = sum(count for _, _, count in moments[first : last + 1])
            assert retries <= ratio * paid + free + 1e-6


def test_ten_calls_at_a_tenth_pay_for_one_retry() -> None:
    budget = RetryBudget(0.1, Clock(), per_second=0)

    deposited(budget, 9)
    assert not budget.withdraw()
    deposited(budget, 1)

    assert granted(budget) == 1


def test_what_was_paid_in_over_some_time_pays_together_and_leaves_its_rest() -> None:
    clock = Clock()
    budget = RetryBudget(0.6, clock, per_second=0)

    for _ in range(3):
        deposited(budget, 1)
        clock.now += 1

    assert granted(budget) == 1
    deposited(budget, 1)
    assert granted(budget) == 1


def test_what_was_paid_in_expires() -> None:
    clock = Clock()
    budget = RetryBudget(1, clock, per_second=0, seconds=SECONDS)
    deposited(budget, 5)

    clock.now += SECONDS - 0.01
    assert budget.withdraw()
    clock.now += 0.01

    assert not budget.withdraw()


def test_some_are_free_at_once_and_again_as_time_passes() -> None:
    clock = Clock()
    budget = RetryBudget(0.2, clock, per_second=10)
    assert granted(budget) == 10

    clock.now += 0.25
    assert granted(budget) == 2
    clock.now += 100

    assert granted(budget) == 10


def test_a_ratio_of_nothing_grants_none_not_even_free_ones() -> None:
    clock = Clock()
    budget = RetryBudget(0, clock)

    deposited(budget, 1000)
    clock.now += 5

    assert not budget.withdraw()


def test_a_new_api_that_fails_every_call_is_asked_little_more_often() -> None:
    clock = Clock()
    budget = RetryBudget(0.2, clock)
    rate, duration, calls = 200, 10, 0

    for _ in range(rate * duration):
        budget.deposit()
        calls += 1 + budget.withdraw()
        clock.now += 1 / rate

    assert calls <= 1.2 * rate * duration + 10 * duration + 10


@pytest.mark.parametrize("seconds", [1, 10, 3600])
def test_it_remembers_no_more_the_longer_it_runs(seconds: float) -> None:
    clock = Clock()
    budget = RetryBudget(0.2, clock, seconds=seconds)

    for _ in range(10_000):
        budget.deposit()
        clock.now += seconds / 100

    assert len(budget._slices) <= SLICES
