"""Runs one program and ends everything that it started. Stand-alone: the standard library suffices.

Started as `python -I -S supervisor.py LIFELINE PROGRAM [ARGUMENT…]`, in a session of its own. LIFELINE is a socket
whose other end the engine holds; when it is cut, the engine is gone or out of patience, and everything is killed at
once. SIGTERM asks for the gentle end: SIGTERM to all, and SIGKILL to what is left after GRACE_SECONDS. The same
happens to what a program leaves behind when it ends by itself. Then the supervisor ends as its program did, with the
same code or signal.

On Linux nothing escapes: orphans, even those in sessions of their own, become the supervisor's children
(PR_SET_CHILD_SUBREAPER). Elsewhere a process escapes that has left both the tree and the process group of the program.
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes as long as everything else together
    import signal
    from collections.abc import Iterator
    from typing import NoReturn
else:
    import _signal as signal  # the enums that `signal` makes of it take half as long as everything else

GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""

PATIENCE_SECONDS = 5.0
"""How long to wait for killed processes: one that the kernel holds, or of another user, may never go."""

_AGAIN_SECONDS = 0.01
_LINUX = sys.platform.startswith("linux")
_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36
Row = tuple[int, int, int, int]
"""A process: its id, and those of its parent, its process group and its session."""

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(lifeline: int, command: list[str]) -> NoReturn:
    """Runs `command` to its end, or until it must end. Does not return."""
    os.set_inheritable(lifeline, False)
    events = Events(lifeline)
    events.wait(0)
    if events.cut:
        os._exit(1)  # the engine is gone already: start nothing
    if _LINUX:
        prctl(_SET_CHILD_SUBREAPER, 1)
    family = Family(start(command, lifeline))
    keep_only({2, *events.descriptors})
    while family.status is None and not (events.stop or events.cut):
        events.wait(None)
        family.reap()
    end(family, events)
    leave_as(family.status)


def start(command: list[str], lifeline: int) -> int:
    """Starts `command` as leader of a process group; returns its id. If it fails, the errno goes to the lifeline."""
    supervisor = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python, and inherited through exec
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        if _LINUX:
            prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(lifeline, str(error.errno).encode())
    finally:
        os._exit(127)


def end(family: Family, events: Events) -> None:
    """Ends what is left of the family: gently, unless the lifeline is cut; then by force."""
    deadline = time.monotonic() + GRACE_SECONDS
    if family.alive() and not events.cut:
        family.signal(signal.SIGTERM)
    while family.alive() and not events.cut and time.monotonic() < deadline:
        events.wait(deadline - time.monotonic())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while family.alive() and time.monotonic() < deadline:
        family.signal(signal.SIGKILL)  # repeated for what was forked between the listing and the kill
        events.wait(_AGAIN_SECONDS)


class Family:
    """The program and all that it started. `status` is the program's wait status, None while it runs."""

    def __init__(self, program: int) -> None:
        self._program = program
        self._has_children = True
        self.status: int | None = None

    def reap(self) -> None:
        """Reaps every child that has ended."""
        while self._has_children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._has_children = False
                return
            if pid == 0:
                return
            if pid == self._program:
                self.status = status

    def alive(self) -> bool:
        """Tells whether any process is left. On Linux the rest descend from our children, so no table is needed."""
        self._has_children = True
        self.reap()
        return self._has_children or (not _LINUX and any(self._members()))

    def signal(self, number: int) -> None:
        """Sends `number` to every process."""
        for pid in self._members():
            kill(pid, number)

    def _members(self) -> Iterator[int]:
        table = list(processes())
        inside = {os.getpid()}
        grown = True
        while grown:
            found = {pid for pid, parent, group, _ in table if parent in inside or group == self._program}
            grown = not found <= inside
            inside |= found
        return iter(inside - {os.getpid()})


class Events:
    """What the supervisor waits for: a signal asked to `stop`, the lifeline was `cut`, a child ended."""

    def __init__(self, lifeline: int) -> None:
        self.stop = self.cut = False
        self._lifeline = lifeline
        self._wake, self._woken_by = os.pipe()
        os.set_blocking(self._woken_by, False)
        signal.set_wakeup_fd(self._woken_by, warn_on_full_buffer=False)
        for number in (*_STOP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(lifeline, select.POLLIN)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """The descriptors that must stay open."""
        return self._lifeline, self._wake, self._woken_by

    def wait(self, seconds: float | None) -> None:
        """Returns when something happened, or after `seconds`."""
        for descriptor, _ in self._poll.poll(None if seconds is None else max(0, seconds * 1000)):
            if descriptor == self._wake:
                self.stop = self.stop or any(number in _STOP for number in os.read(self._wake, 1024))
            elif not heard(descriptor):
                self.cut = True
                self._poll.unregister(descriptor)


def processes() -> Iterator[Row]:
    """Lists every visible process, from /proc if there is one, else from `ps`."""
    if not os.path.isdir("/proc/self"):  # noqa: PTH112 — pathlib would double the time to start
        yield from _listed()
        return
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                fields = file.read().rpartition(b")")[2].split()  # the name before it may hold anything
        except OSError:  # it has ended meanwhile
            continue
        yield int(name), int(fields[1]), int(fields[2]), int(fields[3])


def _listed() -> Iterator[Row]:
    import subprocess

    shown = subprocess.run(["ps", "-axo", "pid=,ppid=,pgid="], capture_output=True, check=False).stdout
    for line in shown.splitlines():
        pid, parent, group = (int(field) for field in line.split())
        yield pid, parent, group, 0


def sweep(session: int) -> None:
    """Kills every process of a session. The engine calls it if the supervisor, its leader, was killed."""
    for pid, _, _, belongs_to in processes():
        if belongs_to == session:
            kill(pid, signal.SIGKILL)


def kill(pid: int, number: int) -> None:
    """Signals a process, which may be gone or belong to another user."""
    try:  # noqa: SIM105 — every import makes every start slower
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def heard(lifeline: int) -> bool:
    """Tells whether the other end of the lifeline is still open."""
    try:
        return bool(os.read(lifeline, 1))
    except OSError:
        return False


def keep_only(kept: set[int]) -> None:
    """Closes the descriptors that only the program needs, so that they close when it ends."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208
        if int(name) not in kept | {0, 1}:
            try:  # noqa: SIM105
                os.close(int(name))
            except OSError:  # the one that listed the others
                pass


def leave_as(status: int | None) -> NoReturn:
    """Exits as the program did. One that could not be killed counts as killed."""
    number = signal.SIGKILL if status is None else os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    if number is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no second core dump
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status or 0))


def prctl(option: int, argument: int) -> None:
    """Linux's prctl(2), which the standard library does not have."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
