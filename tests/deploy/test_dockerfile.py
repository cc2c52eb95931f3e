"""The image is small, pinned, and run by nobody in particular; scripts/image builds it for real."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
    "hadolint"
)


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, and those that go on with it."""

    word: str
    rest: str


def instructions() -> list[Instruction]:
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if line.strip()]
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    whole = text.replace("\\\n", " ").splitlines()
    return [Instruction(*re.split(r"\s+", line.strip(), maxsplit=1)) for line in whole]


def said(word: str) -> list[str]:
    return [found.rest for found in instructions() if found.word == word]


def last_stage() -> list[Instruction]:
    found = instructions()
    begins = max(at for at, instruction in enumerate(found) if instruction.word == "FROM")
    return found[begins:]


@pytest.mark.skipif(HADOLINT is None, reason="NO HADOLINT HERE: scripts/install brings it")
def test_hadolint_has_nothing_to_say() -> None:
    ran = subprocess.run(
        [str(HADOLINT), "--failure-threshold", "style", str(DOCKERFILE)],
        capture_output=True,
        check=False,
        text=True,
    )

    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_base_has_a_version_and_can_be_pinned_by_digest() -> None:
    (base,) = (rest for rest in said("ARG") if rest.startswith("BASE="))

    assert re.fullmatch(r"BASE=python:3\.\d+-slim", base)
    assert said("FROM") == ["${BASE} AS builder", "${BASE}"]


def test_the_image_runs_as_a_number_that_no_person_has() -> None:
    (user,) = said("USER")

    assert last_stage()[-1].word != "USER"
    assert all(int(number) > 10_000 for number in user.split(":"))


def test_no_instruction_does_more_than_it_says() -> None:
    """ADD fetches and unpacks, SHELL and ONBUILD change what others mean."""
    assert not {"ADD", "MAINTAINER", "ONBUILD", "SHELL"} & {found.word for found in instructions()}


def test_nothing_is_installed_that_is_not_pinned() -> None:
    """Packages by hash, our own wheel without any; none of the system's."""
    installs = re.findall(r"pip\S* (?:--python \S+ )?install ([^&]+)", " ".join(said("RUN")))

    assert not re.search(r"\b(apt|apt-get|apk|curl|wget|sudo)\b", " ".join(said("RUN")))
    assert len(installs) == 3
    assert all("--require-hashes" in found or "--no-deps" in found for found in installs)
    assert all("--no-cache-dir" in found for found in installs)


def test_the_last_stage_has_the_application_and_no_tool() -> None:
    stage = [f"{found.word} {found.rest}" for found in last_stage()]

    assert [line for line in stage if line.startswith("COPY")] == ["COPY --from=builder /app /app"]
    assert not [line for line in stage if "pip" in line]


def test_labels_say_what_the_image_is_and_is_made_of() -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.([\w.]+)=", " ".join(said("LABEL"))))

    assert labels == {
        "title",
        "description",
        "version",
        "revision",
        "source",
        "licenses",
        "base.name",
    }


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
def test_what_is_run_needs_no_shell_and_gets_the_signals(word: str) -> None:
    (rest,) = said(word)

    argv = json.loads(rest.partition("CMD ")[2] if word == "HEALTHCHECK" else rest)

    assert argv
    assert not {"sh", "bash", "-c"} & {argv[0]}


def test_the_image_is_asked_to_end_as_the_gateway_expects() -> None:
    assert said("STOPSIGNAL") == ["SIGTERM"]


def test_the_health_check_stays_inside_and_knows_of_tls() -> None:
    (rest,) = said("HEALTHCHECK")

    assert "127.0.0.1:8080/healthz" in rest
    assert "ProxyHandler({})" in rest
    assert "PASSERELLE_TLS_CERTIFICATE" in rest


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    sources = {
        source.rstrip("/")
        for rest in said("COPY")
        if "--from" not in rest
        for source in rest.split()[:-1]
    }

    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == sources


def test_the_script_that_builds_it_is_a_script() -> None:
    script = ROOT / "scripts/image"

    ran = subprocess.run(["/bin/sh", "-n", str(script)], capture_output=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert script.stat().st_mode & 0o111
