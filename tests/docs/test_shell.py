"""The reader's shell itself: what goes wrong in a page is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.shell import Shell


def test_a_command_that_fails_ends_the_page(template: Path, tmp_path: Path) -> None:
    session = Shell(template, tmp_path).run(
        [["echo before"], ["grep -q nowhere README.md", "echo after"]]
    )

    assert session.code == 1
    assert session.printed == ("before\n", "")


def test_a_server_that_does_not_come_up_ends_the_page(template: Path, tmp_path: Path) -> None:
    session = Shell(template, tmp_path).run([["passerelle serve", "echo after"]])

    assert session.code == 99
    assert "PASSERELLE_UPSTREAM_URL" in session.printed[0]
    assert "after" not in session.printed[0]


def test_a_page_sees_no_file_and_no_setting_of_another(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK", "of.whoever.runs.the.tests")
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()

    Shell(template, tmp_path / "first").run([["touch left"]])
    session = Shell(template, tmp_path / "second").run(
        [["ls left || true; echo ${PASSERELLE_PACK-none}"]]
    )

    assert session.printed[0].splitlines()[-1] == "none"
    assert not (template / "left").exists()


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("one\ntwo", []),
        ("one\n...\nthree", []),
        ("t...o", []),
        ("two\none", ["one"]),
        ("tw", ["tw"]),
        ("one\nfour", ["four"]),
    ],
)
def test_a_line_that_is_not_printed_in_its_place_is_missed(
    expected: str, missing: list[str]
) -> None:
    assert pages.missing_lines(expected, "one\ntwo\nthree\n") == missing
