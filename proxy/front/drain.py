"""What SIGTERM does first: the process says that it is not ready, and goes on for a while."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

from proxy.front.wire import Wire


def on_sigterm(wire: Wire, seconds: float) -> Callable[[], None]:
    """
    From now on SIGTERM sets `wire.draining`, and reaches the server `seconds` later.

    A second one reaches it at once. To be called where the event loop runs, once the server has
    set its own handler; gives what puts that one back. Where there is none, or in a thread that
    gets no signals, nothing is done.
    """
    pass_on = signal.getsignal(signal.SIGTERM)
    if not callable(pass_on) or threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()

    def drain(number: int, frame: FrameType | None) -> None:
        at_once = wire.draining or not seconds
        wire.draining = True
        if at_once:
            pass_on(number, frame)
        else:
            # A handler runs between any two steps of the loop: this alone is safe, and wakes it.
            loop.call_soon_threadsafe(loop.call_later, seconds, pass_on, number, None)

    signal.signal(signal.SIGTERM, drain)

    def put_back() -> None:
        signal.signal(signal.SIGTERM, pass_on)

    return put_back
