"""`passerelle convert` by a pack whose code is wrong: told without a value, and ready to go on."""

import multiprocessing
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mappings import mesvaccins
from mappings.core.codecs import Codec
from mappings.core.context import Json, Scope
from mappings.core.errors import MappingError
from mappings.core.evidence import documented
from mappings.core.model import Model, declared
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import same
from mappings.mesvaccins import Options
from tests.cli.dumps import SEVERAL_CHUNKS, write_lines
from tests.sockets.processes import PATIENCE_SECONDS, PROGRAM, environment

__all__ = ["Options", "build"]

FLAW = "FLAW_OF_THE_TESTS"
"""Where the environment says what is wrong with the pack."""
TOLD = documented("TOY")
RARE = "a remark about Isaure Trouvaille"


class Old(Model):
    note: str | None = declared("A note.", TOLD)


class New(Model):
    note: str | None = declared("A note.", TOLD)


class Flawed(Codec):
    """It fails at one value, and says which."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        if legacy == RARE and os.environ.get(FLAW) == "codec":
            raise ValueError(legacy)
        return legacy


def build(options: Options) -> Pack:
    """The pack for these options."""
    if os.environ.get(FLAW) == "elsewhere" and multiprocessing.parent_process() is not None:
        raise MappingError("it cannot be built twice")
    mapping = RecordMapping(Old, New, same("note", codec=Flawed(), source=TOLD))
    return replace(mesvaccins.build(options), mappings={"note": mapping})


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A dump of several chunks with the value in one of the last."""
    notes = [f"{number} " * 200 for number in range(SEVERAL_CHUNKS)]
    notes[-500] = RARE
    return write_lines(tmp_path / "in.ndjson", iter([{"note": note} for note in notes]))


def upgraded(dump: Path, *options: str, flaw: str = "") -> subprocess.CompletedProcess[str]:
    """A conversion by this pack that is over."""
    others = environment(pack=__name__)
    return subprocess.run(
        [PROGRAM, "convert", "upgrade", str(dump), *options],
        env={**others, FLAW: flaw, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_fails_in_the_code_is_told_by_its_place_and_the_same_command_goes_on(
    jobs: str, dump: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.ndjson"

    failed = upgraded(dump, f"--output={output}", f"--jobs={jobs}", flaw="codec")
    again = upgraded(dump, f"--output={output}", "--jobs=1")

    assert failed.returncode == 1
    assert re.fullmatch(
        r"passerelle: this program is at fault: "
        r"ValueError at test_convert_defects\.py:\d+ upgrade, after line [\d,]+; "
        r"once it is mended, the same command says how to go on\n",
        failed.stderr,
    )
    assert failed.stdout == ""
    line = failed.stderr.partition("after line ")[2].partition(";")[0]
    assert again.stderr == f"going on after line {line}\n"
    assert again.returncode == 0
    assert output.read_bytes() == dump.read_bytes().replace(b'": "', b'":"')


def test_what_fails_without_an_output_is_told_by_its_place(dump: Path) -> None:
    failed = upgraded(dump, "--jobs=2", flaw="codec")

    assert failed.returncode == 1
    assert failed.stderr.startswith("passerelle: this program is at fault: ValueError at ")
    assert failed.stderr.endswith("; nothing can go on from here\n")
    assert RARE not in failed.stdout + failed.stderr


def test_a_configuration_that_others_cannot_use_is_told_as_one(dump: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"

    failed = upgraded(dump, f"--output={output}", "--jobs=2", flaw="elsewhere")
    again = upgraded(dump, f"--output={output}", "--jobs=2")

    assert failed.returncode == 3
    assert failed.stderr == f"passerelle: pack {__name__}: it cannot be built twice\n"
    assert again.returncode == 0
    assert output.read_bytes() == dump.read_bytes().replace(b'": "', b'":"')
