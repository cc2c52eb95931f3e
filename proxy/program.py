"""`passerelle`: the command line, as soon as it can be there."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command that the arguments name."""
    # What is imported stays: looking for garbage in it takes a quarter of the time to start.
    gc.disable()
    from proxy.cli import commands, run  # noqa: PLC0415 - see above

    program = commands(*sys.argv[1:2])
    gc.freeze()
    gc.enable()
    run(program)
