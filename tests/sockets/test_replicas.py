"""Gateways on one PostgreSQL: what one was told the others know, also when it is killed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.chaos.replicas import Size, played, several_replicas
from proxy.settings.keys import new_key
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import PROGRAM, Process, environment, passerelle
from tests.sockets.wire import ask, bearer

CALLER = bearer("a-client-of-two-replicas")
SEEDED = "/api/v1/records/5a3d0b6e-0000-4000-8000-000000000001/vaccinations.json"


@pytest.fixture
def settings(postgresql_url: str, sandbox: Process) -> dict[str, str]:
    """What both replicas are told."""
    return {"store_url": postgresql_url, "keys": new_key(), "upstream_url": sandbox.url}


@pytest.fixture
def replicas(settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    """Two gateways, once the tables are made."""
    upgraded = subprocess.run(
        [PROGRAM, "store", "upgrade"], env=environment(**settings), check=False, timeout=60
    )
    assert upgraded.returncode == 0
    serve = ("serve", "--port", "0")
    with (
        passerelle(tmp_path / "one", *serve, **settings) as one,
        passerelle(tmp_path / "two", *serve, **settings) as two,
    ):
        yield one, two


def test_without_its_tables_a_gateway_says_how_to_make_them(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with passerelle(tmp_path, "serve", "--port", "0", **settings) as process:
        code = process.running.wait(15)

    assert code == 3
    assert "passerelle store upgrade" in process.err


def test_what_one_replica_was_told_the_other_knows(replicas: tuple[Process, Process]) -> None:
    one, two = (replica.port for replica in replicas)
    document = legacy_document(email="ondine@example.org", zip_code="44100")

    made = ask(one, "POST", RECORDS, document, CALLER)
    read = ask(two, "GET", made.headers["location"], headers=CALLER)
    again = ask(two, "POST", RECORDS, document, CALLER)

    assert (made.status, read.status, again.status) == (201, 200, 201)
    assert read.body == made.body == again.body
    assert read.document["email"] == "ondine@example.org"


def test_both_replicas_give_a_vaccination_the_same_id(replicas: tuple[Process, Process]) -> None:
    one, two = (ask(replica.port, "GET", SEEDED).document for replica in replicas)

    assert one == two
    assert all(isinstance(vaccination["id"], int) for vaccination in one)


async def test_a_replica_that_is_killed_at_work_loses_nothing_and_makes_nothing_twice(
    postgresql_url: str,
) -> None:
    """Of three, with the default settings: the new API need not honour a creation's key."""
    size = Size(applications=12, steps=300, kills=1)

    with several_replicas(postgresql_url, idempotent=False) as several:
        tally, found = await played(several, size)

    assert several.killed == 1
    assert tally.cut > 0
    assert (tally.wrong, tally.unanswered) == ({}, 0)
    assert (found.lost, found.gone, found.twice, found.unasked) == (0, 0, 0, 0)
    assert (found.disagreeing, found.shared_ids) == (0, 0)
    assert len(found.marks) > size.applications
