"""A record with every field of the guide: all of it reads back, after a restart too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mappings.mesvaccins import PACK
from proxy.settings.keys import new_key
from tests.sockets.people import AS_THE_GUIDE_SHOWS, RECORDS
from tests.sockets.processes import Process, passerelle
from tests.sockets.wire import Heard, ask, bearer

CALLER = bearer("a-client-that-writes-all-there-is")
BY_THE_SERVER = {"created_at", "updated_at", "uuid", "caption", "sharing_status"}
WRITTEN: dict[str, Any] = {
    **json.loads(AS_THE_GUIDE_SHOWS),
    "health_profile": {"condition_ids": [145]},
    "vaccinations": [
        {
            "vaccine": {"id": 901},
            "date": "2013-02-20",
            "batch": "LOT-7714",
            "injection_route": "IDINJ",
            "injection_site": "RT",
            "validation": {"date": "2013-02-21", "method": "proof"},
            "booster": True,
            "comments": [{"text": "Bras un peu rouge."}],
        }
    ],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A gateway that keeps what it may, and knows the invented vaccines and conditions."""
    folder = tmp_path_factory.mktemp("kept")
    for name, rows in PACK.sample.tables.items():
        (folder / f"{name}.json").write_text(json.dumps(list(rows)), encoding="utf-8")
    return {"keys": new_key(), "tables": str(folder), "data_dir": str(folder / "state")}


@contextmanager
def serving(
    folder: Path, sandbox: Process, settings: dict[str, str], workers: int = 1
) -> Iterator[Process]:
    arguments = ("serve", "--port", "0", "--workers", str(workers))
    with passerelle(folder, *arguments, upstream_url=sandbox.url, **settings) as process:
        yield process


@pytest.fixture(scope="module")
def read(
    sandbox: Process, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Heard:
    """What a client reads of the record that it wrote, once the gateway was started anew."""
    with serving(tmp_path_factory.mktemp("first"), sandbox, settings) as process:
        made = ask(process.port, "POST", RECORDS, WRITTEN, CALLER)
        assert made.status == 201
        assert set(made.headers["passerelle-lost"].split(", ")) <= BY_THE_SERVER
    with serving(tmp_path_factory.mktemp("second"), sandbox, settings, workers=2) as process:
        where = made.headers["location"]
        answers = {ask(process.port, "GET", where, headers=CALLER).body for _ in range(8)}
        assert answers == {made.body}
        return ask(process.port, "GET", where, headers=CALLER)


def test_all_nineteen_fields_are_there(read: Heard) -> None:
    assert len(WRITTEN) == 19
    assert list(read.document) == list(WRITTEN)
    assert all(value not in (None, "", []) for value in read.document.values())


@pytest.mark.parametrize("name", sorted(WRITTEN.keys() - BY_THE_SERVER - {"vaccinations"}))
def test_a_field_reads_back_as_it_was_written(name: str, read: Heard) -> None:
    assert read.document[name] == WRITTEN[name]


def test_its_vaccination_reads_back_as_it_was_written(read: Heard) -> None:
    (vaccination,), (written,) = read.document["vaccinations"], WRITTEN["vaccinations"]
    vaccine, validation = vaccination.pop("vaccine"), vaccination.pop("validation")

    assert (vaccine["id"], vaccine["name"]) == (901, "IMAGIVAX DTP")
    assert (validation["date"], validation["method"]) == ("2013-02-21", "proof")
    assert isinstance(vaccination["id"], int)
    assert vaccination["age"] == "41 ans"
    for name in written.keys() & vaccination.keys():
        assert vaccination[name] == written[name]


def test_nothing_of_it_lies_in_the_open(read: Heard, settings: dict[str, str]) -> None:
    files = list(Path(settings["data_dir"]).iterdir())
    raw = b"".join(path.read_bytes() for path in files)

    assert any(path.name == "passerelle.db" for path in files)
    for name in ("email", "home_phone", "mobile_phone", "place_of_birth", "ins_c"):
        assert str(read.document[name]).encode() not in raw
    assert b"un peu rouge" not in raw
