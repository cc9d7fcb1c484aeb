"""A limit on the time that the user's regular expressions may take on one line."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

_LIMIT_S = 1.0


class SlowLineError(Exception):
    """The expressions took longer than the limit on a line."""


class Watchdog:
    """Raises :class:`SlowLineError` out of work on one line that takes more than one to two seconds of computing.

    The standard library's regular expressions cannot be given a limit, but they let signals through. Where there are
    none (Windows, threads), only the limits on lines and expressions hold; see :mod:`runreport.config.regexes`.
    """

    def __init__(self) -> None:
        self.busy_with = 0
        """The number of the line that is worked on; 0 while nothing is to be limited."""
        self._seen = 0
        self._is_armed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._is_armed:
            self._before = signal.signal(signal.SIGVTALRM, self._tick)
            signal.setitimer(signal.ITIMER_VIRTUAL, _LIMIT_S, _LIMIT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_armed:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self._before)

    def _tick(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.busy_with and self.busy_with == self._seen:
            self._seen = 0
            raise SlowLineError
        self._seen = self.busy_with
