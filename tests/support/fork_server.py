"""The process that `forks` starts: it imports the project once, then forks for each program that it is asked to run.

A request is one JSON object on the socket, with the program's stdin, stdout and stderr and a pipe. The process id is
written to that pipe, and at the program's end its exit code, or minus the signal.
"""

from __future__ import annotations

import array
import atexit
import fcntl
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import termios
import threading
import traceback
from typing import Any, NoReturn, TextIO

_REQUEST_BYTES = 1 << 20
_DESCRIPTORS = 4
_HIGHEST_DESCRIPTOR = 4096


def main(requests: socket.socket) -> None:
    """Serve requests until their socket is closed."""
    _import_project()
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    reports: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _report_ended(reports)
        if requests in ready:
            request, descriptors = _receive(requests)
            if not request:
                return
            _start(json.loads(request), descriptors, reports)


def _import_project() -> None:
    from engine.cli.main import COMMANDS, _oe
    from oe_lsp.server.features import registry

    for name in COMMANDS:
        _oe.get_command(None, name)  # type: ignore[arg-type]
    for feature in (*registry.SNAPSHOT_REQUESTS, *registry.SESSION_MESSAGES, *registry.COMMANDS):
        feature.load()


def _receive(requests: socket.socket) -> tuple[bytes, array.array[int]]:
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(_DESCRIPTORS * descriptors.itemsize)
    request, ancillary, _, _ = requests.recvmsg(_REQUEST_BYTES, space)
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return request, descriptors


def _report_ended(reports: dict[int, int]) -> None:
    """Write the exit code of each program that has ended."""
    while reports:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        report = reports.pop(pid)
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
        os.close(report)


def _start(request: dict[str, Any], descriptors: array.array[int], reports: dict[int, int]) -> None:
    *streams, report = descriptors
    _import_sdks(request["env"])
    pid = os.fork()
    if pid == 0:
        _become(request, streams)
    for stream in streams:
        os.close(stream)
    reports[pid] = report
    os.write(report, b"%d\n" % pid)


def _import_sdks(env: dict[str, str]) -> None:
    """Import the SDK of each provider whose key is set. They take a second, so that not every process has them."""
    if "ANTHROPIC_API_KEY" in env:
        import anthropic.types.beta  # noqa: F401
    if "OPENAI_API_KEY" in env:
        import openai.types.chat  # noqa: F401


def _become(request: dict[str, Any], streams: list[int]) -> NoReturn:
    """Run the program in this process, and end as an interpreter does, but without freeing its memory."""
    code = 1
    try:
        _prepare_process(request, streams)
        code = _code_of(request["program"])
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _prepare_process(request: dict[str, Any], streams: list[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, _HIGHEST_DESCRIPTOR)
    if request["session"]:
        os.setsid()
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Tests that run in the background of a shell ignore Ctrl-C; a command on a terminal of its own does not.
            signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.stdin = sys.__stdin__ = _stream(0, sys.stdin)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, sys.stdout)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _stream(2, sys.stderr)  # type: ignore[misc]


def _stream(number: int, like: TextIO) -> TextIO:
    """A standard stream as Python makes it at its start."""
    binary = open(number, "rb" if number == 0 else "wb", closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(binary, like.encoding, like.errors, line_buffering=number == 2 or os.isatty(number))


def _code_of(program: list[str]) -> int:
    """Run `-m MODULE ARGUMENTS` or `-c CODE ARGUMENTS`; its exit code."""
    kind, what, *arguments = program
    sys.argv = [kind, *arguments]
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 — the interpreter's own last resort
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
