"""Malformed requests: which are refused, which may pass and why, and that nothing else does."""

from collections.abc import Iterator

import pytest

from tests.wire.corpus import CORPUS, GROUPS
from tests.wire.trying import Range, firing_range

CASES = 320


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    """Gateways before an upstream that counts."""
    with firing_range(tmp_path_factory.mktemp("malformed")) as it:
        yield it


def test_the_corpus_is_as_large_as_is_said() -> None:
    names = {str(case) for case in CORPUS}
    sendings = {(case.group == "listed hosts", case.raw) for case in CORPUS}

    print(f"{len(CORPUS)} cases in {len(GROUPS)} groups")
    assert len(CORPUS) == len(names) == len(sendings) >= CASES


def test_every_case_that_is_served_says_why_it_may_reach_the_upstream() -> None:
    served = [case for case in CORPUS if case.statuses & {200, 201}]

    assert served
    assert [str(case) for case in served if not case.may_reach] == []


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "in single bytes"])
@pytest.mark.parametrize("group", GROUPS)
def test_no_malformed_request_does_harm(group: str, cut: bool, gateways: Range) -> None:
    cases = [case for case in CORPUS if case.group == group]

    tried = gateways.attempt(cases, cut=cut)

    print(f"{group}: {tried.summary}")
    assert tried.wrong == []
    assert tried.stray == 0
    assert tried.alive


def test_no_malformed_request_fails_within(gateways: Range) -> None:
    """Runs behind the others: what they left in the logs."""
    for process in (gateways.any_host, gateways.two_hosts):
        assert not [line for line in process.log if '"event": "failure"' in line]
        assert "Traceback" not in process.err
