"""The site: it builds as it stands, without a broken link, and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import pages

LOADED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=\"?((?:https?:)?//[^\" >]*)"
)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!\w+:)([^)#\s]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a page that is not in the menu or a broken link fails it."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=pages.ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    shown = list(site.rglob("*.html"))

    loaded = {url for page in shown for url in LOADED.findall(page.read_text(encoding="utf-8"))}

    assert len(shown) > len(list((pages.ROOT / "docs").rglob("*.md")))
    assert loaded == set()


def test_no_style_is_loaded_from_another_host(site: Path) -> None:
    styles = list(site.rglob("*.css"))

    loaded = [
        style.name
        for style in styles
        if re.search(r"(url\(|@import )\W*(https?:)?//", style.read_text("utf-8"))
    ]

    assert styles
    assert loaded == []


def test_every_command_has_its_place_in_the_reference(site: Path) -> None:
    text = (site / "reference/commands/index.html").read_text(encoding="utf-8")

    for name in ("serve", "check", "store rotate-keys", "crosswalk import"):
        assert f"passerelle {name}<" in text


def test_verbs_and_fixtures_have_their_place_in_the_reference(site: Path) -> None:
    text = (site / "reference/python/index.html").read_text(encoding="utf-8")

    for name in ("set_aside", "code_table", "guess", "legacy_client"):
        assert f'id="{name}"' in text


def test_a_link_out_of_the_pages_leads_to_the_page_that_was_brought_in(site: Path) -> None:
    text = (site / "how-to/add-a-pair-of-apis/index.html").read_text(encoding="utf-8")

    assert 'href="../../examples/library/"' in text


@pytest.mark.parametrize("path", pages.paths(), ids=pages.name)
def test_every_link_in_the_tree_leads_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_picture_of_the_journey_says_in_words_what_it_shows() -> None:
    picture = (pages.ROOT / "docs/journey.svg").read_text(encoding="utf-8")

    assert 'role="img" aria-labelledby="title desc"' in picture
    assert "prefers-color-scheme: dark" in picture
    assert re.search(r'<title id="title">[^<]+</title>\s*<desc id="desc">[^<]+</desc>', picture)
