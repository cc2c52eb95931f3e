"""`passerelle docs`: the pages that are written from rules and settings; whether they are stale."""

from pathlib import Path

import pytest

from proxy.settings import Settings
from proxy.settings.described import roles
from proxy.settings.page import settings_page
from tests.cli.conftest import Passerelle, Run

ROOT = Path(__file__).parents[2]
PAGES = ("mapping.md", "open-questions.md", "settings.md")


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    """A folder with fresh pages."""
    assert run("docs", "--folder", str(tmp_path)).exit_code == 0
    return tmp_path


def test_the_pages_are_written_where_they_are_missing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"

    result = run("docs", "--folder", str(folder))

    assert result.exit_code == 0
    assert result.stdout == "3 pages, 3 written\n"
    assert sorted(path.name for path in folder.iterdir()) == sorted(PAGES)
    for name in PAGES:
        assert (folder / name).read_text(encoding="utf-8").startswith("# ")


def test_fresh_pages_are_left_alone(run: Run, folder: Path) -> None:
    before = [(folder / name).stat().st_mtime_ns for name in PAGES]

    result = run("docs", "--folder", str(folder))

    assert result.stdout == "3 pages, 0 written\n"
    assert [(folder / name).stat().st_mtime_ns for name in PAGES] == before


def test_only_the_stale_page_is_written_anew(run: Run, folder: Path) -> None:
    stale = folder / "mapping.md"
    fresh = stale.read_text(encoding="utf-8")
    stale.write_text("something else\n", encoding="utf-8")

    result = run("docs", "--folder", str(folder))

    assert result.stdout == "3 pages, 1 written\n"
    assert stale.read_text(encoding="utf-8") == fresh


def test_checking_fresh_pages_says_that_nothing_is_to_do(run: Run, folder: Path) -> None:
    result = run("docs", "--check", "--folder", str(folder))

    assert result.exit_code == 0
    assert result.stdout == "3 pages, 0 written\n"


def test_checking_stale_pages_fails_and_writes_nothing(run: Run, folder: Path) -> None:
    stale = folder / "open-questions.md"
    stale.write_text("something else\n", encoding="utf-8")

    result = run("docs", "--check", "--folder", str(folder))

    assert result.exit_code == 1
    assert result.stderr == f"passerelle: stale: {stale}; `passerelle docs` writes them anew\n"
    assert stale.read_text(encoding="utf-8") == "something else\n"


def test_checking_missing_pages_fails_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    result = run("docs", "--check", "--folder", str(tmp_path))

    assert result.exit_code == 1
    for name in PAGES:
        assert str(tmp_path / name) in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_no_text_is_stale(run: Run, folder: Path) -> None:
    (folder / "mapping.md").write_bytes(b"\xff\xfe")

    result = run("docs", "--check", "--folder", str(folder))

    assert result.exit_code == 1
    assert str(folder / "mapping.md") in result.stderr


def test_the_pages_tell_of_the_defaults_whatever_the_options(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text('errors.language = "en"\n', encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    result = run("docs", "--check", "--folder", str(folder))

    assert result.exit_code == 0


def test_a_folder_that_cannot_be_written_is_told(passerelle: Passerelle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    ended = passerelle("docs", "--folder", str(tmp_path / "file" / "docs"))

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: --folder {tmp_path}/file/docs: ")
    assert "Traceback" not in ended.err


def test_the_page_of_settings_in_the_repository_is_fresh() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page(roles(Settings)), "scripts/docs writes it anew"


def test_a_pack_of_somebody_else_has_no_page_of_the_gateways_settings(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples" / "library")
    monkeypatch.setenv("PASSERELLE_PACK", "lending")

    run("docs", "--folder", str(tmp_path))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["mapping.md", "open-questions.md"]
