"""What the image is made of is listed to the byte, and what publishes it has no right too many."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing  # type: ignore[import-untyped]  # it has no types

from tests.deploy.tools import tool

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements/runtime.txt").read_text("utf-8").replace("\\\n", "")
PINS = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK, re.MULTILINE))
WORKFLOWS = {path.name: path for path in sorted((ROOT / ".github/workflows").iterdir())}
ZIZMOR = tool("zizmor")

PERMISSIVE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"}
OTHERS = {
    "certifi": "MPL-2.0",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
}
"""Why these may be here all the same: docs/decisions/0011-licence.md."""

WRITES = {
    ("image.yml", "publish"): {"attestations", "id-token", "packages"},
    ("release.yml", "publish"): {"id-token"},
}
"""The only jobs that may write anything, and what."""

SAID = re.compile(r"(?<!`)`([^`]+)`(?!`)|^```\w*\n(.+?)^```", re.DOTALL | re.MULTILINE)
PLACES = re.compile(r"(?<![\w/.-])(?:scripts|tests|docs|bench|deploy|\.ci)/[\w./-]*\w")


def written(*arguments: str, seed: str = "0") -> str:
    """What scripts/sbom writes, without looking after .venv first."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "scripts/bill_of_materials.py"), *arguments],
        capture_output=True,
        check=True,
        cwd=ROOT.parent,
        env={**os.environ, "PYTHONHASHSEED": seed},
        text=True,
    )
    return ran.stdout


@pytest.fixture(scope="module")
def text() -> str:
    """The bill of materials, as it is given to a reviewer."""
    return written()


@pytest.fixture(scope="module")
def components(text: str) -> dict[str, Any]:
    """What is in it, by name."""
    return {component["name"]: component for component in json.loads(text)["components"]}


def test_the_bill_of_materials_fits_the_schema_of_its_version(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace("purl", "pearl"))


def test_the_same_lock_file_gives_the_same_bytes(text: str, tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"

    written(str(file), seed="1")

    assert file.read_text("utf-8") == text


def test_its_components_are_the_pins_of_the_lock_file(components: dict[str, Any]) -> None:
    found = {name: component["version"] for name, component in components.items()}

    assert found == PINS


def test_every_component_has_the_hashes_of_the_lock_file(components: dict[str, Any]) -> None:
    locked = {
        re.split("==", line)[0]: set(re.findall(r"sha256:(\w+)", line))
        for line in LOCK.splitlines()
        if not line.startswith("#")
    }
    found = {
        name: {
            hashed["content"]
            for told in component["externalReferences"]
            for hashed in told["hashes"]
        }
        for name, component in components.items()
    }

    assert found == locked


def test_everything_in_the_image_is_needed_by_something_in_it(
    text: str, components: dict[str, Any]
) -> None:
    needs = {found["ref"]: found["dependsOn"] for found in json.loads(text)["dependencies"]}
    seen, left = set(), {"root-component"}

    while left:
        seen |= left
        left = {found for name in left for found in needs[name]} - seen

    left_out = {name for name, found in components.items() if found["bom-ref"] not in seen}
    assert left_out == {name for name, found in components.items() if "scope" in found}
    assert left_out == {"colorama"}


def test_every_licence_is_one_that_may_be_here(components: dict[str, Any]) -> None:
    licences = {name: told["licenses"][0]["expression"] for name, told in components.items()}
    spdx = get_spdx_licensing()

    kinds = {name: set(spdx.license_keys(said)) for name, said in licences.items()}

    assert not {name for name, said in licences.items() if spdx.validate(said).errors}
    assert {name: licences[name] for name in kinds if not kinds[name] <= PERMISSIVE} == OTHERS


def test_the_page_of_licences_is_up_to_date() -> None:
    page = (ROOT / "docs/security/licences.md").read_text("utf-8")

    assert page == written("--licences")


def test_our_own_licence_is_said_alike_everywhere() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")

    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert re.search(r"Apache License\s+Version 2\.0", licence)
    assert f'image.licenses="{PROJECT["license"]}"' in dockerfile


def test_what_is_published_holds_the_licence_and_no_more_than_the_packages(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        subprocess.run(
            [
                *(sys.executable, "-m", "hatchling", "build", "--target", "wheel"),
                *("--directory", str(tmp_path / folder)),
            ],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        )
    first, second = (next((tmp_path / folder).iterdir()) for folder in ("first", "second"))
    names = zipfile.ZipFile(first).namelist()
    about = f"passerelle-{PROJECT['version']}.dist-info"

    assert first.read_bytes() == second.read_bytes()
    assert f"{about}/licenses/LICENSE" in names
    assert {name.partition("/")[0] for name in names} == {"mappings", "proxy", "sandbox", about}


def test_the_newest_change_is_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert re.findall(r"^## \[(.+?)\]", changes, re.MULTILINE)[0] == PROJECT["version"]


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, path in WORKFLOWS.items():
        for job, what in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            yield name, job, what


@pytest.mark.skipif(ZIZMOR is None, reason="NO ZIZMOR HERE: scripts/tools brings it")
def test_zizmor_has_nothing_to_say_of_the_workflows() -> None:
    ran = subprocess.run(
        [str(ZIZMOR), "--offline", "--no-progress", "--persona=pedantic", str(ROOT / ".github")],
        capture_output=True,
        check=False,
        text=True,
    )

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_right_and_a_job_the_rights_that_it_needs(name: str) -> None:
    workflow = yaml.safe_load(WORKFLOWS[name].read_text("utf-8"))

    assert workflow["permissions"] == {}
    for job, what in workflow["jobs"].items():
        rights = what["permissions"]
        writes = {right for right, how in rights.items() if how != "read"}
        assert writes == WRITES.get((name, job), set())
        assert rights.keys() - writes <= {"contents"}
        assert "timeout-minutes" in what or "uses" in what


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    lines = [
        line.partition("uses: ")[2]
        for path in WORKFLOWS.values()
        for line in path.read_text("utf-8").splitlines()
        if "uses: " in line
    ]
    others = [line for line in lines if not line.startswith("./")]

    assert others
    assert [
        line for line in others if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", line)
    ] == []
    assert len({line.split("@")[0] for line in others}) == len(set(others))


def test_no_secret_is_used_but_the_registrys_and_nothing_is_put_into_a_script() -> None:
    texts = [path.read_text("utf-8") for path in WORKFLOWS.values()]
    scripts = [
        step["run"] for _, _, job in jobs() for step in job.get("steps", ()) if "run" in step
    ]

    secrets = {name for text in texts for name in re.findall(r"secrets\.(\w+)", text)}

    assert secrets == {"REGISTRY_PASSWORD"}
    assert scripts
    assert [script for script in scripts if "${{" in script] == []
    assert not any("pull_request_target" in text for text in texts)


@pytest.mark.parametrize(("workflow", "job"), WRITES)
def test_what_is_published_was_tested_and_is_of_the_version_of_its_tag(
    workflow: str, job: str
) -> None:
    """A tag runs all workflows at once: none waits for another's tests."""
    of_it = {its: told for where, its, told in jobs() if where == workflow}
    before, waiting = set(), [job]
    while waiting:
        needs = of_it[waiting.pop()].get("needs", [])
        waiting += [needs] if isinstance(needs, str) else needs
        before |= {*waiting}

    assert any(of_it[it].get("uses") == "./.github/workflows/test.yml" for it in before)
    assert "GITHUB_REF_NAME" in WORKFLOWS[workflow].read_text("utf-8")


def test_every_job_checks_out_in_the_same_way() -> None:
    found = [
        json.dumps(step)
        for _, _, job in jobs()
        for step in job.get("steps", ())
        if step["name"] == "Check out"
    ]

    assert len(found) == 5
    assert len(set(found)) == 1


def test_workflows_call_scripts_that_are_there() -> None:
    called = {
        place
        for _, _, job in jobs()
        for step in job.get("steps", ())
        for place in PLACES.findall(step.get("run", ""))
    }

    assert called == {
        ".ci/run",
        "scripts/advisories",
        "scripts/dist",
        "scripts/image",
        "scripts/sbom",
    }
    assert [place for place in called if not os.access(ROOT / place, os.X_OK)] == []


@pytest.mark.parametrize(
    "page", ["docs/security/health-data.md", "docs/security/threat-model.md", "SECURITY.md"]
)
def test_what_shows_a_claim_is_there(page: str) -> None:
    told = SAID.finditer((ROOT / page).read_text("utf-8"))

    places = [place for said in told for place in PLACES.findall(said[0])]

    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("page", ["health-data.md", "threat-model.md"])
def test_every_claim_stands_beside_what_shows_it(page: str) -> None:
    text = (ROOT / "docs/security" / page).read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    claims = [row for row in rows if row[-1] != "shown by"]

    without = [row[0] for row in claims if not SAID.search(row[-1])]

    assert len(claims) > 15
    assert set(without) <= {"MSSanté?", "A weakness was found"}
