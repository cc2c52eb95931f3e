"""The pages' commands: each is run as it is written, or stands below with the reason why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import Block
from tests.docs.shell import Shell

NOT_RUN = {
    r"scripts/test\b(?!.*test_golden_pairs).*": "it is run beside this test, or is this test",
    r"scripts/(bench|chaos|reliability|tour|image|check)\b.*": "minutes on a quiet machine",
    r"scripts/(tools|sbom|advisories)\b.*": "needs what it downloads",
    r"gh .*": "needs a published image",
    r"scripts/site\b.*": "test_site.py builds it",
    r"docker .*": "needs a daemon",
    r"kubectl .*": "needs a cluster",
    r"passerelle store new-key > keys && kubectl .*": "needs a cluster",
    r"pip install .*": "needs a registry of packages",
    r"python -m pytest": "tests/examples runs the tests of that project",
    r"openssl x509 -in client\.pem .*": "needs an operator's own certificate",
    r"passerelle new ramble OLD\.json NEW\.json": "a reader's own files; the tutorial runs it",
    r"passerelle store import dump\.ndjson\b.*": "a reader's own dump; tests/cli/test_store.py",
}
"""Commands that are not run here, whole, with the reason: everything else is."""

NOT_COMPARED = {
    "examples/library/README.md: passerelle new": "what `check` says is compared in tests/examples",
}
"""Texts after a block that are not what it prints, by page and the block's first words."""

SANDBOX = ["passerelle sandbox", "export PASSERELLE_UPSTREAM_URL=http://127.0.0.1:9000"]
GIVEN = {
    "docs/openapi.md": [*SANDBOX, "PASSERELLE_ADMIN_PORT=9090 passerelle serve"],
    "docs/settings.md": SANDBOX,
    "docs/operating/check.md": SANDBOX,
    "docs/operating/sign-in.md": [
        "cat > applications.toml <<END",
        "[applications.logiciel-medical]",
        'secret = "$(printf %s sesame | passerelle applications hash)"',
        'client_id = "hospital-software"',
        'client_secret_file = "hospital.secret"',
        "END",
    ],
}
"""What a page says that its reader has: a gateway that serves, a file that it describes."""

PAGES = [path for path in pages.paths() if pages.blocks(path)]


def is_run(command: str) -> bool:
    return not any(re.fullmatch(pattern, command, re.DOTALL) for pattern in NOT_RUN)


def is_compared(block: Block) -> bool:
    shown = (key.split(": ") for key in NOT_COMPARED)
    return not any(block.page == page and block.text.startswith(words) for page, words in shown)


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_the_commands_of_a_page_do_what_it_says(path: Path, template: Path, tmp_path: Path) -> None:
    blocks = pages.blocks(path)
    run = [[command for command in block.commands if is_run(command)] for block in blocks]

    session = Shell(template, tmp_path).run([GIVEN.get(pages.name(path), []), *run])

    last = [text for text in session.printed if text][-1:]
    assert session.code == 0, "".join(last)[-2000:]
    for block, commands, printed in zip(blocks, run, session.printed[1:], strict=True):
        if commands and block.prints and is_compared(block):
            missing = pages.missing_lines(block.prints, printed)
            assert missing == [], f"{block.page}:{block.line} prints\n{printed}"


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_a_command_that_is_not_run_is_still_in_a_page(pattern: str) -> None:
    commands = [one for path in PAGES for block in pages.blocks(path) for one in block.commands]

    assert any(re.fullmatch(pattern, command, re.DOTALL) for command in commands)


@pytest.mark.parametrize("name", GIVEN)
def test_a_page_that_is_given_something_is_still_there(name: str) -> None:
    assert name in map(pages.name, PAGES)


@pytest.mark.parametrize("key", NOT_COMPARED)
def test_a_text_that_is_not_compared_is_still_in_a_page(key: str) -> None:
    page, words = key.split(": ")

    blocks = pages.blocks(pages.ROOT / page)

    assert any(block.prints and block.text.startswith(words) for block in blocks)
