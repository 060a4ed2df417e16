"""A client that notes when each message of a language server arrived. Nothing but JSON-RPC over stdio."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STALL_SECONDS = 120
_DIAGNOSTICS = "textDocument/publishDiagnostics"


@dataclass(frozen=True)
class Arrived:
    """A message, and when its last byte was read (seconds of time.perf_counter)."""

    at: float
    message: Mapping[str, Any]


class Client:
    """One server as a child process, with a thread that reads what it says. `settings` are by section."""

    def __init__(self, command: Sequence[str | Path], folder: Path, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.began = time.perf_counter()
        self._server = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._news = threading.Condition()
        self._answers: dict[int, Arrived] = {}
        self._diagnostics: list[Arrived] = []
        self._asked_here: list[Arrived] = []
        self._asked = 0
        self._ended = False
        self.errors = b""
        self._readers = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def request(self, method: str, params: Any) -> Arrived:
        """Ask, and wait for the answer. Raises SystemExit where the server refuses or ends."""
        self._asked += 1
        asked = self._asked
        self._send({"id": asked, "method": method, "params": params})
        answer: Arrived = self._wait(lambda: self._answers.get(asked), method)
        if "error" in answer.message:
            raise SystemExit(f"{method}: {answer.message['error']}")
        return answer

    def notify(self, method: str, params: Any) -> float:
        """Tell; when it was told."""
        told = time.perf_counter()
        self._send({"method": method, "params": params})
        return told

    def diagnostics_after(self, told: float, version: int, *, some: bool = False) -> Arrived:
        """The first diagnostics since then, for the version where the server names one. `some`: the first that are not
        empty, since what empties the list of a closed document may come late.
        """

        def fitting() -> Arrived | None:
            return next(
                (
                    each
                    for each in self._diagnostics
                    if each.at > told
                    and each.message["params"].get("version", version) == version
                    and (each.message["params"]["diagnostics"] or not some)
                ),
                None,
            )

        found: Arrived = self._wait(fitting, _DIAGNOSTICS)
        return found

    def asked_after(self, told: float, method: str) -> Arrived:
        """The first request of the server for `method` since then."""

        def fitting() -> Arrived | None:
            asked = (each for each in self._asked_here if each.at > told and each.message["method"] == method)
            return next(asked, None)

        found: Arrived = self._wait(fitting, method)
        return found

    def resident_bytes(self) -> int:
        """The server's memory: its resident set."""
        status = Path(f"/proc/{self._server.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        """Shut the server down, and wait for its end."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._server.wait(STALL_SECONDS)
        for reader in self._readers:
            reader.join(STALL_SECONDS)

    def kill(self) -> None:
        """End a server that is still there."""
        self._server.kill()
        self._server.wait()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._server.stdin.flush()

    def _wait(self, found: Callable[[], Any], what: str) -> Any:
        with self._news:
            if not self._news.wait_for(lambda: self._ended or found() is not None, STALL_SECONDS):
                raise SystemExit(f"no {what} after {STALL_SECONDS} s")
            if (result := found()) is None:
                raise SystemExit(f"the server ended before {what}:\n{self.errors.decode()}")
            return result

    def _read(self) -> None:
        while (message := self._next()) is not None:
            arrived = Arrived(time.perf_counter(), message)
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._reply(message)})
            with self._news:
                if "method" in message and "id" in message:
                    self._asked_here.append(arrived)
                if message.get("method") == _DIAGNOSTICS:
                    self._diagnostics.append(arrived)
                elif "method" not in message and "id" in message:
                    self._answers[message["id"]] = arrived
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _next(self) -> dict[str, Any] | None:
        stdout = self._server.stdout
        assert stdout is not None
        length = 0
        while line := stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] | None = json.loads(stdout.read(length)) if length else None
        return message

    def _read_errors(self) -> None:
        assert self._server.stderr is not None
        while part := os.read(self._server.stderr.fileno(), 65536):
            self.errors += part

    def _reply(self, request: Mapping[str, Any]) -> Any:
        if request["method"] == "workspace/configuration":
            return [self._settings.get(item.get("section")) for item in request["params"]["items"]]
        return None
