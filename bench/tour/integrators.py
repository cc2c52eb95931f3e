"""For integrators: tests, packs, documents, dumps and pages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from bench.tour.bullet import Bullet
from bench.tour.stage import CALLER, ROOT, SERVE, Stage, demand, figure, passed
from tests.sockets.people import legacy_document
from tests.sockets.processes import free_port, passerelle, until
from tests.sockets.wire import ask

LIBRARY = ROOT / "examples/library"
OLD = {"id": 7, "name": "Salt Road", "grade": "B", "tags": []}
NEW = {"id": 7, "name": "Salt Road", "level": "B", "extra": None}
WRONG = "no date at all"
MARK = "Wren"
"""The name of somebody whom the library's stand-in has from the start."""


def testing(stage: Stage) -> str:
    """Another project tests its application before a gateway in the same process."""
    folder = ROOT / "examples/legacy-client"
    ran = stage.python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    demand(ran.said, holds=" passed" in ran.said)
    return ran.said


def second_pack(stage: Stage) -> str:
    """A pack outside the source tree, of another domain, is checked and served."""
    settings = {"pack": "lending", "data_dir": str(stage.folder / "lending")}
    with _python_path(LIBRARY):
        checked = stage.passerelle("check", "--offline", pack="lending")
        with (
            _lending_sandbox() as url,
            passerelle(
                stage.folder / "desk", *SERVE, upstream_url=f"{url}/v2", **settings
            ) as process,
        ):
            listed = ask(process.port, "GET", "/desk/borrowers", headers=CALLER)
    demand(f"/desk/borrowers: {listed.status}", holds=listed.status == 200)
    demand("nobody borrows", holds=MARK in listed.body.decode())
    first = checked.out.splitlines()[0].strip()
    return f"{first}; /desk/borrowers: {len(listed.body)} bytes with everybody"


def new(stage: Stage) -> str:
    """Two samples make a pack whose check names every field that is left to decide."""
    folder = stage.folder / "begun"
    folder.mkdir()
    for name, document in (("old", OLD), ("new", NEW)):
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    samples = (folder / "old.json", folder / "new.json")
    stage.passerelle("new", "hike", *samples, "--folder", folder)
    questions = (folder / "hike/open-questions.md").read_text("utf-8")
    with _python_path(folder):
        refused = stage.passerelle("check", "--offline", code=3, pack="hike")
    for name in ("/grade", "/tags", "/level", "/extra"):
        both = f"`{name}`" in questions and f"{name}: no rule" in refused.err
        demand(f"{name} is not asked for", holds=both)
    return "4 fields left open, asked in open-questions.md and named by check (exit code 3)"


def openapi(stage: Stage) -> str:
    """Both sides are valid OpenAPI 3.1."""
    told = []
    for side in ("legacy", "modern"):
        document = json.loads(stage.passerelle("openapi", side).out)
        validate(document)
        told.append(f"{side}: {document['openapi']}, {len(document['paths'])} paths")
    return "; ".join(told)


def explored(stage: Stage) -> str:
    """Schemathesis finds no 5xx and no answer that the legacy document does not allow."""
    return figure(stage, "schema")


def convert(stage: Stage) -> str:
    """A dump is carried over on all cores, in order; a misfit is told by its line and field."""
    folder = stage.folder / "dumps"
    folder.mkdir()
    people: list[dict[str, Any]] = [legacy_document(zip_code=f"{row:05}") for row in range(2_000)]
    people[700]["birth_date"] = WRONG
    dump, output, rejects = (folder / name for name in ("old.ndjson", "new.ndjson", "rejects"))
    dump.write_text("".join(json.dumps(it) + "\n" for it in people), "utf-8")
    words = ("convert", "upgrade", dump, "--output", output, "--rejects", rejects, "--jobs", "2")
    stage.passerelle(*words, code=1)
    made = [json.loads(line)["zip_code"] for line in output.read_text("utf-8").splitlines()]
    right = [it["zip_code"] for it in people if it["birth_date"] != WRONG]
    demand(f"{len(made)} documents, or in disorder", holds=made == right)
    told = rejects.read_text("utf-8")
    (rejected,) = map(json.loads, told.splitlines())
    demand("another line is rejected", holds=rejected["line"] == 701 and "/birth_date" in told)
    demand("a reject holds a value", holds=WRONG not in told)
    return f"{len(made)} of {len(people)} in order by 2 processes; line 701 rejected: /birth_date"


def site(stage: Stage) -> str:
    """The documentation site builds, with no link that leads nowhere."""
    folder = stage.folder / "site"
    stage.must(ROOT / "scripts/site", "--site-dir", folder)
    pages = sorted(folder.rglob("*.html"))
    demand("no page", holds=(folder / "index.html").exists())
    return f"{len(pages)} pages"


def documented(stage: Stage) -> str:
    """Every command of the documentation, the newcomer's path among them, works as written."""
    return passed(stage, "tests/docs")


def demo(stage: Stage) -> str:
    """README's first command shows a record travel there and back, every step right."""
    ports = ("--port", "0", "--sandbox-port", "0")
    ran = stage.must(ROOT / "scripts/demo", "--once", *ports)
    demand(ran.said, holds="every step was right" in ran.out)
    right = sum(line.startswith("ok ") for line in ran.out.splitlines())
    return f"{right} steps ok; {ran.said}"


def test(stage: Stage) -> str:
    """README's second command runs the tests: here those of the mappings' verbs alone."""
    own = str(stage.folder / "coverage")
    ran = stage.must(ROOT / "scripts/test", "tests/mappings/core", COVERAGE_FILE=own)
    demand(ran.said, holds=" passed" in ran.out)
    told = next(line for line in ran.out.splitlines() if " passed" in line)
    return f"{told.strip('= ')} (all of them: ten minutes)"


def canary(stage: Stage) -> str:
    """Nothing of a record is in logs, metrics, traces or audit."""
    return figure(stage, "canary")


def audit_chain(stage: Stage) -> str:
    """A byte, line or file gone from the audit log is found; where it is full nothing is served."""
    return figure(stage, "audit")


@contextmanager
def _python_path(folder: Path) -> Iterator[None]:
    """Commands that are started meanwhile find packs in this folder."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def _lending_sandbox() -> Iterator[str]:
    """The library's own stand-in for its new API."""
    port = free_port()
    running = subprocess.Popen(  # noqa: S603 - the command that its page gives
        [
            *(sys.executable, "-m", "uvicorn", "--factory", "lending_sandbox:create_app"),
            *("--port", str(port), "--log-level", "critical"),
        ],
        cwd=LIBRARY,
    )
    try:
        until(lambda: _listens(port) or running.poll() is not None)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


def _listens(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


BULLETS = (
    Bullet("testing", "cd examples/legacy-client && python -m pytest", testing),
    Bullet("second-pack", "PASSERELLE_PACK=lending passerelle serve", second_pack),
    Bullet("new", "passerelle new hike OLD.json NEW.json", new),
    Bullet("openapi", "passerelle openapi legacy|modern", openapi),
    Bullet("schema", "scripts/chaos schema --quick", explored),
    Bullet("convert", "passerelle convert upgrade DUMP --output FILE --rejects FILE", convert),
    Bullet("site", "scripts/site", site),
    Bullet("commands", "pytest tests/docs", documented),
    Bullet("demo", "scripts/demo --once", demo),
    Bullet("test", "scripts/test tests/mappings/core", test),
    Bullet("canary", "scripts/chaos canary --quick", canary),
    Bullet("audit-chain", "scripts/chaos audit --quick", audit_chain),
)
