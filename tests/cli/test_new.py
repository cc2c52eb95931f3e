"""`passerelle new`: a pack that `check` refuses until every field is decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Passerelle, Run

OLD: dict[str, Any] = {
    "id": 7,
    "name": "Salt Road",
    "day": "2019-05-04",
    "grade": "B",
    "open": True,
    "score": 1.5,
    "place": {"town": "Eastmere", "at": "2019-05-04T10:11:12Z"},
    "steps": [{"number": 1}],
    "tags": [],
}
NEW: dict[str, Any] = {
    "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "name": "Salt Road",
    "day": "2019-05-04",
    "level": "B",
    "open": True,
    "score": 1.5,
    "where": {},
    "extra": None,
}


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a pack that is made in a folder of its own, where Python finds it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PASSERELLE_PACK", "hike")
    yield "hike"
    for module in [it for it in sys.modules if it.split(".")[0] == "hike"]:
        del sys.modules[module]


def new(name: str, folder: Path, old: object = OLD, new: object = NEW) -> list[str]:
    """The words of the command, with its two samples written down."""
    for file, document in (("old.json", old), ("new.json", new)):
        (folder / file).write_text(json.dumps(document), encoding="utf-8")
    samples = [str(folder / "old.json"), str(folder / "new.json")]
    return ["new", name, *samples, "--folder", str(folder)]


def test_what_looks_the_same_is_decided_and_the_rest_is_asked(
    run: Run, name: str, tmp_path: Path
) -> None:
    result = run(*new(name, tmp_path))

    assert result.exit_code == 0
    assert f"{tmp_path}/hike: decided 4, left to decide 9" in result.stdout
    mapping = (tmp_path / "hike" / "mapping.py").read_text(encoding="utf-8")
    assert 'identifier("id", to="id", kind="hike", source=LOOKS_THE_SAME),' in mapping
    assert 'same("day", source=LOOKS_THE_SAME),' in mapping
    questions = (tmp_path / "hike" / "open-questions.md").read_text(encoding="utf-8")
    asked = [line.split("`")[1] for line in questions.splitlines() if line.startswith("- ")]
    old, new_ones = (
        ["/grade", "/score", "/place", "/steps", "/tags"],
        ["/level", "/score", "/where"],
    )
    assert asked == [*old, *new_ones, "/extra"]
    assert "old `/grade`: " in questions
    assert "In these samples new `/level` says the same." in questions


def test_no_value_of_the_samples_is_written_down(run: Run, name: str, tmp_path: Path) -> None:
    run(*new(name, tmp_path))

    for file in (tmp_path / "hike").iterdir():
        text = file.read_text(encoding="utf-8")
        assert "Salt Road" not in text
        assert "Eastmere" not in text
        assert NEW["id"] not in text


def test_check_says_what_is_left_to_decide(
    run: Run, passerelle: Passerelle, name: str, tmp_path: Path
) -> None:
    run(*new(name, tmp_path))

    ended = passerelle("check", "--offline")

    assert ended.code == 3
    assert "pack hike: the mapping of Hike cannot be used:" in ended.err
    assert "legacy /grade: no rule says what becomes of it" in ended.err
    assert "modern /level: no rule says what becomes of it" in ended.err
    assert "/name:" not in ended.err


def test_once_every_field_is_decided_check_is_content(run: Run, name: str, tmp_path: Path) -> None:
    run(*new(name, tmp_path))
    mapping = tmp_path / "hike" / "mapping.py"
    decided = """\
        renamed("grade", to="level", source=LOOKS_THE_SAME),
        set_aside("score", "place", "steps", "tags", because="gone", source=LOOKS_THE_SAME),
        untouched("score", "where", "extra", because="new", source=LOOKS_THE_SAME),
        kind="hike",
"""
    text = mapping.read_text(encoding="utf-8").replace('        kind="hike",\n', decided)
    mapping.write_text(text, encoding="utf-8")

    result = run("check", "--offline")

    assert result.exit_code == 0
    assert result.stdout == "ok  pack hike: 12 rules, 5 endpoints\n"
    assert run("openapi", "legacy").exit_code == 0


def test_two_samples_with_nothing_in_common_begin_a_pack_too(
    run: Run, passerelle: Passerelle, name: str, tmp_path: Path
) -> None:
    result = run(*new(name, tmp_path, {"a": None}, {"b": "2019-05-04T10:11:12Z"}))

    assert "decided 0, left to decide 2" in result.stdout
    assert "legacy /a: no rule says what becomes of it" in passerelle("check", "--offline").err


def test_an_id_that_is_the_same_on_both_sides_needs_no_table_of_pairs(
    run: Run, name: str, tmp_path: Path
) -> None:
    result = run(*new(name, tmp_path, {"id": NEW["id"]}, {"id": NEW["id"]}))

    assert "decided 1, left to decide 0" in result.stdout
    assert run("check", "--offline").exit_code == 0


@pytest.mark.parametrize("wrong", ["Hike", "hike-1", "class", ""])
def test_a_name_that_no_package_can_have_is_wrong_usage(
    wrong: str, run: Run, tmp_path: Path
) -> None:
    result = run(*new(wrong, tmp_path))

    assert result.exit_code == 2
    assert "small letters, digits and _" in result.stderr


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ([], "expected one JSON object"),
        ({"first-name": 1}, "no Python name, rename it: first-name"),
        ({"steps": [{"class": 1}], "_x": 1}, "no Python name, rename it: _x, class"),
    ],
)
def test_a_sample_that_cannot_be_declared_is_refused(
    sample: object, said: str, passerelle: Passerelle, tmp_path: Path
) -> None:
    ended = passerelle(*new("hike", tmp_path, sample))

    assert ended.code == 3
    assert ended.err == f"passerelle: {tmp_path}/old.json: {said}\n"
    assert not (tmp_path / "hike").exists()


def test_a_sample_that_is_not_json_or_not_there_is_told(
    passerelle: Passerelle, tmp_path: Path
) -> None:
    words = new("hike", tmp_path)
    (tmp_path / "old.json").write_text("{", encoding="utf-8")

    assert passerelle(*words).err.startswith(f"passerelle: {tmp_path}/old.json: ")
    (tmp_path / "old.json").unlink()
    assert "No such file" in passerelle(*words).err


def test_a_package_that_is_there_is_left_alone(passerelle: Passerelle, tmp_path: Path) -> None:
    (tmp_path / "hike").mkdir()

    ended = passerelle(*new("hike", tmp_path))

    assert ended.code == 3
    assert ended.err == f"passerelle: {tmp_path}/hike: File exists\n"
    assert list((tmp_path / "hike").iterdir()) == []
