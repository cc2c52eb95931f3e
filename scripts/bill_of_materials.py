"""What the image holds, from its lock file: versions, hashes, licences, and who needs whom."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements/runtime.txt"
IMAGE = {
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
"""What markers are asked about: the image, whatever this machine is."""

SAID = {
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "MIT License": "MIT OR Apache-2.0",  # uvloop, which has the files of both
}
"""Licences in other words than SPDX's, as old packages say them; read once in their files."""

PAGE = """# Licences of what the image holds

Written by `scripts/sbom --licences > docs/security/licences.md`; a test fails when it is stale.
Each licence is what the package declares; [why it may be here](../decisions/0011-licence.md).
What the base image brings (Python, Debian) is not in this list.

| package | version | licence |
|---|---|---|
"""


def bill() -> dict[str, Any]:
    """The bill of materials: the same lock file gives the same bytes."""
    made = _by_cyclonedx()
    locked = {found.name: found for found in _locked()}
    components = {str(found["name"]): found for found in made["components"]}
    for name, component in components.items():
        component["bom-ref"] = component["purl"]
        # It repeats the line of the lock file, hashes included.
        del component["description"]
        component["licenses"] = [{"expression": licence(name), "acknowledgement": "declared"}]
        marker = locked[name].marker
        if marker is not None and not marker.evaluate(IMAGE):
            component["scope"] = "excluded"
    made["components"] = sorted(components.values(), key=lambda found: found["name"])
    root = made["metadata"]["component"]
    made["dependencies"] = [
        {"ref": root["bom-ref"], "dependsOn": _needed("passerelle", components, extra="tracing")},
        *(
            {"ref": found["bom-ref"], "dependsOn": _needed(found["name"], components)}
            for found in made["components"]
        ),
    ]
    return made


def licence(name: str) -> str:
    """The SPDX expression of what a package declares; raises `LookupError` where it says none."""
    told = importlib.metadata.metadata(name)
    by_classifier = [
        found for found in told.get_all("Classifier") or [] if found.startswith("License ::")
    ]
    for said in (told["License-Expression"], told["License"], *by_classifier):
        if said:
            return SAID.get(said, str(said))
    raise LookupError(f"{name}: it declares no licence")


def page(made: dict[str, Any]) -> str:
    """The licences as a page for people."""
    rows = [
        f"| {found['name']} | {found['version']} | {found['licenses'][0]['expression']} |\n"
        for found in made["components"]
        if found.get("scope") != "excluded"
    ]
    return PAGE + "".join(rows)


def _by_cyclonedx() -> dict[str, Any]:
    ran = subprocess.run(  # noqa: S603 - every argument is written here
        [
            *(sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"),
            *("--output-reproducible", "--spec-version", "1.6", "--no-validate"),
            *("--pyproject", str(ROOT / "pyproject.toml"), str(LOCK)),
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


def _locked() -> Iterator[Requirement]:
    for line in LOCK.read_text("utf-8").splitlines():
        if line[:1].isalnum():
            yield Requirement(line.removesuffix("\\"))


def _needed(name: str, components: dict[str, dict[str, Any]], extra: str = "") -> list[str]:
    """The references of what a package asks for itself, so far as the image holds it."""
    references = set()
    for text in importlib.metadata.requires(name) or []:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({**IMAGE, "extra": extra}):
            component = components.get(canonicalize_name(needed.name))
            references |= {component["bom-ref"]} if component else set()
            for asked in needed.extras:
                references |= set(_needed(needed.name, components, asked))
    return sorted(references)


def main() -> None:
    """Write what the arguments ask for."""
    made = bill()
    if sys.argv[1:] == ["--licences"]:
        sys.stdout.write(page(made))
        return
    text = json.dumps(made, indent=2, sort_keys=True) + "\n"
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
