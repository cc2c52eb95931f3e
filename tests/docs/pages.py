"""What stands in the pages: fenced blocks with what they print, and code within a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"(?:^|\s)#.*")
WITHIN_A_LINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block of shell, and the block of text after it: what it prints."""

    page: str
    line: int
    text: str
    prints: str | None

    @property
    def commands(self) -> Iterator[str]:
        """Its lines, a line that goes on put together with what it goes on with."""
        whole = ""
        for line in self.text.splitlines():
            whole = f"{whole}{line}\n"
            quotes = COMMENT.sub("", whole).count("'")
            if not line.endswith("\\") and quotes % 2 == 0:
                yield whole.rstrip("\n")
                whole = ""
        if whole:
            yield whole


def paths() -> list[Path]:
    """Every page: those of the root and of docs/, and the READMEs of the examples."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").glob("*/README.md")),
    ]


def name(path: Path) -> str:
    """A page's path in the tree."""
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> list[Block]:
    """The blocks of shell of a page, in order."""
    text = path.read_text(encoding="utf-8")
    fences = FENCE.finditer(text)
    return [
        Block(
            name(path),
            text.count("\n", 0, fence.start()) + 1,
            fence["text"],
            then["text"] if then and then["language"] == "text" else None,
        )
        for fence, then in pairwise([*fences, None])
        if fence and fence["language"] == "sh"
    ]


def within_lines(path: Path) -> list[str]:
    """The code that stands within the lines of a page, outside of its blocks."""
    return WITHIN_A_LINE.findall(FENCE.sub("", path.read_text(encoding="utf-8")))


def missing_lines(expected: str, printed: str) -> list[str]:
    """The lines of an expected output that are not printed in this order; `...` is anything."""
    rest = iter(printed.splitlines())
    return [
        line
        for line in expected.splitlines()
        if line.strip(" .…") and not any(_fits(line, other) for other in rest)
    ]


def _fits(line: str, printed: str) -> bool:
    parts = (re.escape(part.strip()) for part in line.strip().split("..."))
    return re.fullmatch(r".*".join(parts), printed.strip()) is not None
