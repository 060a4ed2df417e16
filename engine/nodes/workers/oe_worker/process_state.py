"""What a tool can change in its process besides modules: read, compared and restored after every call."""

from __future__ import annotations

import _locale
import _thread
import _warnings
import gc
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Protocol

    class Aspect(Protocol):
        """A part of the process state that can be read and restored."""

        def read(self) -> Any:
            """Its current value, which later changes do not affect."""

        def write(self, wanted: Any, /) -> object:
            """Restores what was read as `wanted`."""
else:
    import _signal as signal  # the enums of `signal` take longer than everything else

TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_SIGNALS = tuple(
    number for number in range(1, signal.NSIG) if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33)
)  # 32 and 33 belong to the C library


class ProcessState:
    """All aspects together. `first` is their state before any tool ran."""

    def __init__(self, aspects: Iterable[Aspect]) -> None:
        self._aspects = tuple(aspects)
        self.first = self.read()

    def read(self) -> tuple[Any, ...]:
        """The current state."""
        return tuple([aspect.read() for aspect in self._aspects])

    def write(self, wanted: Sequence[Any]) -> bool:
        """Restores the state that was read as `wanted`; False if nothing differed."""
        changed = False
        for aspect, value in zip(self._aspects, wanted):  # noqa: B905 — Python 3.8
            if not _is_same(aspect.read(), value):
                aspect.write(value)
                changed = True
        return changed

    def now(self) -> Sequence[Any]:
        """The current state; `first` itself if nothing has changed."""
        found = self.read()
        return self.first if _is_same(found, self.first) else found

    def is_as(self, wanted: Sequence[Any]) -> bool:
        """Tells whether the state is the same as when `wanted` was read."""
        return _is_same(self.read(), wanted)


class Value:
    """An aspect with a function that reads it and one that sets it."""

    def __init__(self, read: Callable[[], Any], write: Callable[[Any], object]) -> None:
        self.read = read
        self.write = write


class Contents:
    """The items of a list object that stays the same."""

    def __init__(self, items: list[Any], then: Callable[[], object] = lambda: None) -> None:
        self._items = items
        self._then = then

    def read(self) -> list[Any]:
        """See Aspect."""
        return self._items[:]

    def write(self, wanted: list[Any]) -> None:
        """See Aspect."""
        self._items[:] = wanted
        self._then()


class Environment:
    """The environment variables, and the time zone, which C caches until `tzset`."""

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
        self._put, self._unset, self._tzset = os.putenv, os.unsetenv, time.tzset

    def read(self) -> tuple[Any, ...]:
        """See Aspect."""
        return dict(self._data), time.tzname, time.timezone, time.altzone, time.daylight

    def write(self, wanted: tuple[Any, ...]) -> None:
        """See Aspect."""
        variables: dict[bytes, bytes] = wanted[0]
        for name in [name for name in self._data if name not in variables]:
            del self._data[name]
            self._unset(name)
        for name, value in variables.items():
            if self._data.get(name) != value:
                self._data[name] = value
                self._put(name, value)
        self._tzset()


def basic_aspects() -> Iterable[Aspect]:
    """The aspects of Python and the operating system, which need no module that is slow to import."""
    yield Environment()
    yield Contents(sys.path)
    yield Contents(sys.argv)
    yield Contents(sys.meta_path)
    yield Contents(sys.path_hooks)
    yield Contents(gc.callbacks)
    yield Contents(_warnings.filters, _filters_mutated)
    yield Value(_working_directory, os.chdir)
    yield Value(_umask(os.umask), os.umask)
    yield Value(_handlers(signal.getsignal), _set_handlers(signal.signal))
    yield Value(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()), _set_mask(signal.pthread_sigmask))
    yield Value(_take_wakeup(signal.set_wakeup_fd), signal.set_wakeup_fd)
    yield Value(
        lambda: _locale.setlocale(_locale.LC_ALL, None), lambda wanted: _locale.setlocale(_locale.LC_ALL, wanted)
    )
    yield Value(gc.isenabled, lambda wanted: gc.enable() if wanted else gc.disable())
    yield Value(gc.get_threshold, lambda wanted: gc.set_threshold(*wanted))
    yield Value(gc.get_debug, gc.set_debug)
    yield Value(sys.getrecursionlimit, sys.setrecursionlimit)
    yield Value(sys.getswitchinterval, sys.setswitchinterval)
    yield Value(sys.gettrace, sys.settrace)
    yield Value(sys.getprofile, sys.setprofile)
    yield Value(_thread.stack_size, _thread.stack_size)
    if hasattr(sys, "set_int_max_str_digits"):  # since Python 3.11, and in later versions of older ones
        yield Value(sys.get_int_max_str_digits, sys.set_int_max_str_digits)
    if hasattr(os, "sched_setaffinity"):  # Linux
        yield Value(lambda: os.sched_getaffinity(0), lambda wanted: os.sched_setaffinity(0, wanted))


def stop_timers() -> bool:
    """Stops running timers; returns whether there were any."""
    running = [timer for timer in TIMERS if signal.getitimer(timer)[0]]
    for timer in running:
        signal.setitimer(timer, 0)
    return bool(running)


def _is_same(left: Any, right: Any) -> bool:
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001 — the comparison of a tool's object may fail
        return False


def _working_directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 — every import makes every start slower
    except OSError:
        return None


def _umask(umask: Callable[[int], int]) -> Callable[[], int]:
    def read() -> int:
        found = umask(0o077)
        umask(found)
        return found

    return read


def _handlers(getsignal: Callable[[int], Any]) -> Callable[[], list[Any]]:
    return lambda: [*map(getsignal, _SIGNALS)]


def _set_handlers(set_one: Callable[[int, Any], Any]) -> Callable[[list[Any]], None]:
    def write(wanted: list[Any]) -> None:
        for number, handler in zip(_SIGNALS, wanted):  # noqa: B905 — Python 3.8
            if handler is not None and signal.getsignal(number) is not handler:
                set_one(number, handler)

    return write


def _set_mask(sigmask: Callable[[int, Any], Any]) -> Callable[[Any], object]:
    return lambda wanted: sigmask(signal.SIG_SETMASK, wanted)


def _take_wakeup(set_wakeup_fd: Callable[[int], int]) -> Callable[[], int]:
    def read() -> int:
        found = set_wakeup_fd(-1)
        if found != -1:
            set_wakeup_fd(found)
        return found

    return read


def _filters_mutated() -> None:
    for name in ("_filters_mutated", "_filters_mutated_lock_held"):  # the second since Python 3.14
        mutated = getattr(_warnings, name, None)
        if mutated is not None:
            mutated()
            return
