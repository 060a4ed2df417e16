"""Runs one external program under its supervisor, and ends it with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from engine.nodes.processes import supervisor

Sink = Callable[[bytes], None]
"""Takes pieces of what a program prints."""

_SUPERVISOR = (sys.executable, "-I", "-S", supervisor.__file__)
_PIECE = 65_536
_SHORTAGES = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY, errno.EINTR})
_SLACK_SECONDS = 1.0
"""Extra time for the supervisor itself."""


class Process:
    """A running program. Its end, or that of this process, ends everything that it started (supervisor.py)."""

    def __init__(
        self, process: asyncio.subprocess.Process, lifeline: socket.socket, printed: tuple[_Pipe, ...]
    ) -> None:
        self._process = process
        self._lifeline = lifeline
        self._printed = printed

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        *,
        stdout: Sink,
        stderr: Sink | None = None,
        stdin: IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Process:
        """Starts `command`, whose first word is a path, in `directory`. Raises OSError if no process can be started.

        Without `stderr`, both streams go to `stdout`, in the order of printing. Without `stdin` there is nothing to
        read. If the program itself cannot be started, `wait` raises.
        """
        ours, theirs = socket.socketpair()
        printed = tuple(_Pipe(sink) for sink in (stdout, stderr) if sink is not None)
        spawning = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *_SUPERVISOR,
                str(theirs.fileno()),
                *command,
                cwd=directory,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
                stdout=printed[0].inlet,
                stderr=printed[-1].inlet,
                pass_fds=(theirs.fileno(), *pass_fds),
                start_new_session=True,
            )
        )
        try:
            process = await asyncio.shield(spawning)  # a process whose start was cancelled would never be waited for
        except BaseException:
            ours.close()  # the supervisor sees it and ends
            for pipe in printed:
                pipe.close()
            await _gone(spawning)
            raise
        finally:
            theirs.close()
            for pipe in printed:
                os.close(pipe.inlet)
        for pipe in printed:
            pipe.listen()
        return cls(process, ours, printed)

    @property
    def running(self) -> bool:
        """True until its end is noticed."""
        return self._process.returncode is None

    def drain(self) -> None:
        """Passes on all that was printed until now."""
        for pipe in self._printed:
            pipe.drain()

    async def wait(self) -> int:
        """Waits for the end of it and all that it started; returns its exit code, or minus the signal.

        By then its output is passed on. Raises OSError, with the reason, if the program could not be started.
        """
        code = await self._process.wait()
        if code == -signal.SIGKILL:
            supervisor.sweep(self._process.pid)
        self.drain()
        reason = self._reason()
        self._close()
        if reason:
            raise OSError(reason, os.strerror(reason))
        return code

    async def stop(self) -> None:
        """Ends it and all that it started: gently, then by force.

        Cancelling this skips the gentle part, and the wait for the end.
        """
        try:
            if self.running:
                self._process.send_signal(signal.SIGTERM)
                await self._ended(supervisor.GRACE_SECONDS + _SLACK_SECONDS)
        finally:
            self._lifeline.close()
        if not await self._ended(supervisor.PATIENCE_SECONDS + _SLACK_SECONDS):
            self._process.kill()
        await self._process.wait()
        self.drain()
        self._close()

    async def _ended(self, seconds: float) -> bool:
        """Waits for its end; False if that takes longer than `seconds`."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    def _reason(self) -> int:
        """The errno with which the program could not be started; 0 if it was."""
        try:
            self._lifeline.setblocking(False)
            return int(self._lifeline.recv(16) or b"0")
        except OSError:
            return 0

    def _close(self) -> None:
        self._lifeline.close()
        for pipe in self._printed:
            pipe.close()


async def _gone(spawning: asyncio.Future[asyncio.subprocess.Process]) -> None:
    """Waits for the end of a process that is being started and whose lifeline is cut."""
    with contextlib.suppress(OSError):
        await (await spawning).wait()


class _Pipe:
    """The output of a program. Read by hand, to tell what was printed before a moment from what came after."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._outlet, self.inlet = os.pipe()
        os.set_blocking(self._outlet, False)
        self._poll = select.poll()
        self._poll.register(self._outlet, select.POLLIN)

    def listen(self) -> None:
        """Passes on what comes from now on."""
        asyncio.get_running_loop().add_reader(self._outlet, self._take)

    def drain(self) -> None:
        """Passes on what is there. Called after each call of a tool, most of which print nothing."""
        while self._poll.poll(0) and self._take():
            pass

    def close(self) -> None:
        """Closes it. Later output is dropped."""
        if self._outlet >= 0:
            asyncio.get_running_loop().remove_reader(self._outlet)
            os.close(self._outlet)
            self._outlet = -1

    def _take(self) -> bool:
        if self._outlet < 0:
            return False
        try:
            data = os.read(self._outlet, _PIECE)
        except BlockingIOError:
            return False
        if data:
            self._sink(data)
        else:
            self.close()
        return bool(data)


def may_start_later(error: OSError) -> bool:
    """Tells whether a failed start may succeed a moment later, since the machine was short of a resource."""
    return error.errno in _SHORTAGES


def how_it_ended(code: int) -> str:
    """Describes an exit code, for a message."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
