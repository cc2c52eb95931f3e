"""The site's pages that are made from the code, and those that lie outside of docs/."""

from __future__ import annotations

import ast
import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from proxy import cli

ROOT = Path(__file__).parents[1]
LOG = logging.getLogger("mkdocs.plugins.site_pages")
BROUGHT_IN = {
    "examples/library.md": "examples/library/README.md",
    "examples/legacy-client.md": "examples/legacy-client/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
    "security/policy.md": "SECURITY.md",
}
"""By its name in the site, a page that lies elsewhere in the tree."""

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)")
PYTHON = {
    "The verbs of a mapping": "mappings/core/verbs.py",
    "Codecs": "mappings/core/codecs.py",
    "Where a rule is known from": "mappings/core/evidence.py",
    "Fixtures for tests": "proxy/testing/__init__.py",
    "The new API, mocked": "proxy/testing/new_api.py",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file of docs/ holds."""
    made = {"reference/commands.md": commands_page(), "reference/python.md": python_page()}
    made |= {name: (ROOT / path).read_text("utf-8") for name, path in BROUGHT_IN.items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead links out of docs/ to the page that was brought in, or leave their words alone."""
    name = page.file.src_uri
    return LINK.sub(lambda link: _led(link, name), markdown)


def _led(link: re.Match[str], page: str) -> str:
    label, target, anchor = link[1], link[2], link[3] or ""
    source = BROUGHT_IN.get(page, f"docs/{page}")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    places = {place: there for there, place in BROUGHT_IN.items()}
    if path.startswith("docs/") and not (ROOT / path).is_dir():
        inside = path.removeprefix("docs/")
    else:
        inside = places.get(path) or places.get(f"{path}/README.md", "")
    if not (ROOT / path).exists():
        LOG.warning("%s links to %s, which is not there", source, target)
    if not inside:
        return label
    return f"[{label}]({posixpath.relpath(inside, posixpath.dirname(page) or '.')}{anchor})"


def commands_page() -> str:
    """Every command with its arguments and options, from the program itself."""
    program = typer.main.get_command(cli.commands())
    return "\n".join(
        [
            "# Commands",
            "",
            "Made from the program itself: it says the same by `--help`.",
            "",
            *_paragraphs(program.help),
            *(line for name, one in _commands(program, "passerelle") for line in _told(name, one)),
        ]
    )


def _commands(group: Any, above: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if not command.hidden:
            yield f"{above} {name}", command
            if hasattr(command, "commands"):
                yield from _commands(command, f"{above} {name}")


def _told(name: str, command: Any) -> Iterator[str]:
    yield from ("", f"{'##' if name.count(' ') == 1 else '###'} {name}", "")
    yield from _paragraphs(command.help)
    rows = [_row(one) for one in command.params if one.name != "help" and not one.hidden]
    if rows:
        yield from ("", "| | default | |", "|---|---|---|", *rows)


def _paragraphs(text: str | None) -> list[str]:
    lines = [line.strip() for line in (text or "").splitlines()]
    # Those of `serve` have a page of their own.
    return [line for line in lines if not re.match(r"PASSERELLE_\w+:", line)]


def _row(one: Any) -> str:
    is_option = one.opts[0].startswith("-")
    shown = [f"`{word}`" for word in one.opts] if is_option else [f"`{one.name.upper()}`"]
    default = "required" if one.required else _default(one)
    return f"| {', '.join(shown)} | {default} | {(one.help or '').replace('|', chr(92) + '|')} |"


def _default(one: Any) -> str:
    if one.default in (None, False, "", (), []) or callable(one.default):
        return ""
    return f"`{getattr(one.default, 'value', one.default)}`"


def python_page() -> str:
    """What a pack and a test are written with: signatures and docstrings, read, not imported."""
    lines = ["# Verbs and fixtures", "", "Made from the code: what it says of itself."]
    for title, path in PYTHON.items():
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        lines += ["", f"## {title}", "", f"In `{path}`.", "", *_paragraphs(ast.get_docstring(tree))]
        for node in tree.body:
            lines += _defined(node, "###")
    return "\n".join(lines)


def _defined(node: ast.stmt, level: str) -> list[str]:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
        return []
    told = ast.get_docstring(node)
    if not told:
        return []
    lines = ["", f"{level} {node.name}", ""]
    if isinstance(node, ast.FunctionDef):
        arguments = ast.unparse(node.args)
        lines += ["```python", f"def {node.name}({arguments}) -> {_of(node.returns)}", "```", ""]
    lines += _paragraphs(told)
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            lines += _defined(member, f"{level}#")
    return lines


def _of(returns: ast.expr | None) -> str:
    return ast.unparse(returns) if returns else "None"
