"""How many instructions a translation takes: steady where time is not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.speed.installing import debian

WARM = 5
WORKS = {"read": 20, "list": 1, "read-plain": 20, "list-plain": 1}
"""How often each is done for one figure; the names are those of `engine`."""
TOTAL = re.compile(r"^summary: (\d+)$", re.MULTILINE)


def instructions() -> dict[str, int]:
    """Instructions of one reading and of one list of 100, either way, by callgrind."""
    debian("valgrind", have="valgrind")
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as name, _engine(name) as engine:
        # What is done once only, such as filling caches, is no part of it.
        for work in WORKS:
            _ask(engine, f"{work} {WARM}")
        _control(engine, "--instr=on")
        figures = {}
        for work, times in WORKS.items():
            _control(engine, "--zero")
            _ask(engine, f"{work} {times}")
            _control(engine, f"--dump={work}")
            figures[work] = _dumped(Path(name), work) // times
        return figures


@contextmanager
def _engine(folder: str) -> Iterator[subprocess.Popen[str]]:
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"]
    command += [f"--callgrind-out-file={folder}/out", sys.executable, "-m", "bench.speed.engine"]
    process = subprocess.Popen(  # noqa: S603 - the program itself
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _ask(engine: subprocess.Popen[str], line: str) -> None:
    if engine.stdin is None or engine.stdout is None:
        raise RuntimeError("the engine has no pipes")
    print(line, file=engine.stdin, flush=True)
    if engine.stdout.readline() != "done\n":
        raise RuntimeError("the engine does not answer")


def _control(engine: subprocess.Popen[str], order: str) -> None:
    subprocess.run(  # noqa: S603 - the orders stand above
        ["callgrind_control", order, str(engine.pid)],  # noqa: S607 - wherever the system has it
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def _dumped(folder: Path, work: str) -> int:
    """The instructions in the dump of this name."""
    for path in folder.iterdir():
        text = path.read_text(errors="replace")
        if f"desc: Trigger: dump {work}\n" in text:
            return int(TOTAL.findall(text)[-1])
    raise RuntimeError("callgrind wrote no figure")
