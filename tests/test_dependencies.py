"""Every dependency has its reason, and the lock files hold them to the byte and name no host."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]
REASONS = (ROOT / "docs/decisions/0001-dependencies.md").read_text("utf-8")
LOCKS = {path.stem: path.read_text("utf-8") for path in (ROOT / "requirements").iterdir()}


def test_every_dependency_has_one_line_that_says_why() -> None:
    with_a_reason = re.findall(r"^\| `([^`]+)` \| .+ \| .+ \|$", REASONS, re.MULTILINE)

    assert with_a_reason == names(RUNTIME) + names(DEVELOPMENT)


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_a_lock_file_names_no_host(lock: str) -> None:
    assert re.findall(r"https?:|//|--(?!hash=)\S*", LOCKS[lock]) == []


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_a_lock_file_has_an_exact_version_and_a_hash_for_every_requirement(lock: str) -> None:
    lines = LOCKS[lock].replace("\\\n", "").splitlines()
    requirements = [line for line in lines if not line.startswith("#")]
    exact = re.compile(r"[a-z0-9.-]+==[\w.]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+")

    assert requirements
    assert [line for line in requirements if not exact.fullmatch(line)] == []


@pytest.mark.parametrize(
    ("lock", "needed"),
    [
        ("runtime", RUNTIME),
        ("dev", RUNTIME + DEVELOPMENT),
        ("build", PROJECT["build-system"]["requires"]),
    ],
    ids=["runtime", "dev", "build"],
)
def test_a_lock_file_holds_what_the_project_asks_for(lock: str, needed: list[str]) -> None:
    assert set(names(needed)) <= pins(lock).keys()


@pytest.mark.parametrize("lock", ["runtime", "build"])
def test_what_is_shipped_is_what_was_tested(lock: str) -> None:
    assert pins(lock).items() <= pins("dev").items()


def names(requirements: list[str]) -> list[str]:
    """The distributions that are asked for, without their versions."""
    return [re.split(r"[^\w.-]", requirement)[0] for requirement in requirements]


def pins(lock: str) -> dict[str, str]:
    """The exact version of every distribution in a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCKS[lock], re.MULTILINE))
