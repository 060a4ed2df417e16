"""Runs Python tools for the engine, one request at a time. Stand-alone: Python 3.8 and the standard library suffice.

Started under the supervisor as `python worker.py CHANNEL FOLDER ROOT` in ROOT, the experience's folder. CHANNEL is a
socket that carries one JSON line per message; FOLDER holds the tools that it runs.
"""

from __future__ import annotations

import json
import math
import os
import select
import sys
from types import FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # here and below: imported only when needed, since it takes as long as everything else together
    from typing import Any, Callable  # noqa: UP035 — Python 3.8

if TYPE_CHECKING or __package__:
    from engine.nodes.workers.oe_worker import libraries
    from engine.nodes.workers.oe_worker.leftovers import Leftovers
    from engine.nodes.workers.oe_worker.modules import Loaded, Modules, ToolFinder
    from engine.nodes.workers.oe_worker.patches import Patches
    from engine.nodes.workers.oe_worker.places import PACKAGES, Places
    from engine.nodes.workers.oe_worker.process_state import ProcessState, basic_aspects, stop_timers
    from engine.nodes.workers.oe_worker.streams import Streams
else:  # run as a file, by a Python that may not have this package
    HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path.insert(0, HERE)
    from oe_worker import libraries
    from oe_worker.leftovers import Leftovers
    from oe_worker.modules import Loaded, Modules, ToolFinder
    from oe_worker.patches import Patches
    from oe_worker.places import PACKAGES, Places
    from oe_worker.process_state import ProcessState, basic_aspects, stop_timers
    from oe_worker.streams import Streams

    sys.path.remove(HERE)

MAX_DEPTH = 500
LINGER_LOOKS = 2_500
"""How often to poll for the next request before sleeping: about 1 ms. Counted, since tools may stop clocks."""

LINGER_PAUSE = 16
"""Requests to skip after polling in vain: others may need the core more."""

TO_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def main(channel: int, folder: str, root: str) -> None:
    """Answers requests on the socket `channel` until its other end is closed."""
    os.set_inheritable(channel, False)
    sys.dont_write_bytecode = True
    sys.path[:] = search_path(sys.path, folder, root)
    worker = Worker(root, folder)
    incoming = select.poll()  # before a tool can replace it
    incoming.register(channel, select.POLLIN)
    pause = 0
    with os.fdopen(channel, "rb", closefd=False) as requests:
        for line in requests:
            request = json.loads(line.decode())
            reply = worker.answer(request)
            send(channel, reply)
            worker.clean()
            if pause:
                pause -= 1
            elif request.get("linger") and not linger(incoming):
                pause = LINGER_PAUSE


def in_child() -> None:
    """Lets a process that `multiprocessing` has started find the tool's module, and its code as it is on disk."""
    sys.dont_write_bytecode = True
    if len(sys.argv) == ARGUMENTS:
        _, _, folder, root = sys.argv
        modules = Modules(Places(root, folder, [entry for entry in sys.path if entry not in (root, folder)]))
        sys.meta_path.append(ToolFinder(folder, modules))


ARGUMENTS = 4


def linger(incoming: select.poll) -> bool:
    """Polls for a request up to LINGER_LOOKS times: waking up takes longer than a short tool. False if none came."""
    return any(incoming.poll(0) for _ in range(LINGER_LOOKS))


def search_path(path: list[str], folder: str, root: str) -> list[str]:
    """`path` without this file's folder, with the tool's and the experience's after the standard library.

    Not in front: a tool called `email.py` must not replace a module that the standard library needs.
    """
    # Python puts the real folder of a linked file on the path.
    here = [os.path.dirname(file) for file in (__file__, os.path.realpath(__file__))]  # noqa: PTH120
    kept = [entry for entry in path if entry and entry not in here]
    named = [os.path.basename(entry) for entry in kept]  # noqa: PTH119
    at = next((index for index, name in enumerate(named) if name in PACKAGES), len(kept))
    own = [folder] if folder == root else [folder, root]
    return kept[:at] + own + kept[at:]


class Worker:
    """Answers requests, each as a new process would."""

    def __init__(self, root: str, folder: str) -> None:
        self._root = root
        self._places = Places(root, folder, [entry for entry in sys.path if entry not in (root, folder)])
        self._streams = Streams()
        self._modules = Modules(self._places)
        sys.meta_path.append(ToolFinder(folder, self._modules))
        self._patches = Patches(self._places)
        self._leftovers = Leftovers()
        os.chdir(root)
        self._state = ProcessState((*basic_aspects(), *libraries.library_aspects()))
        self._was_asked = self._is_broken = False
        self._failed: tuple[Any, ...] = ()

    def answer(self, request: dict[str, Any]) -> bytes:
        """Returns the reply to one request. Never raises: whatever a tool does becomes an error in the reply."""
        if self._is_broken:
            return encode(request, {"stale": True})
        loaded = self._modules.enter(request.get("node"), request.get("files") or {})
        reply = self._called(loaded, request)
        if stop_timers():
            loaded.is_reusable = False
        self._streams.flush()
        if "stale" not in reply:
            try:
                reply.update(self._after_call(loaded))
            except Exception:  # noqa: BLE001 — a tool can break anything
                reply.update(retire=True, why="it could not be put back", unlike=[request["file"]])
        return encode(request, reply)

    def clean(self) -> None:
        """Makes the process what it was before the request: after the reply, while the engine is busy with it."""
        if self._is_broken:
            return
        try:
            loaded = self._modules.current
            if self._streams.restore():
                self._patches.accept(sys)
                loaded.is_reusable = False
            if self._has_late_effects(loaded):
                loaded.is_reusable = False
            self._modules.leave()
            self._state.write(self._state.first)
            libraries.renew_random_numbers()
        except BaseException:  # noqa: BLE001 — a tool can break anything
            self._is_broken = True

    def _called(self, loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
        function = None
        try:
            tool = self._tool(loaded, request["file"])
            function = getattr(tool, request["function"] or "run", None)
            if not callable(function):
                return failure("NoFunction", "", names=functions(tool))
            return {"ok": True, "output": loaded.context.copy().run(call, function, request["input"])}
        except SystemExit as error:
            if self._should_try_elsewhere(loaded, request):
                return {"stale": True}
            said = failure("SystemExit", f"the tool called sys.exit({error.code!r}) instead of returning its result")
            return {**said, "location": location(self._places, error, function)}
        except BaseException as error:  # noqa: BLE001 — the tool's errors are its author's, not the worker's
            if self._should_try_elsewhere(loaded, request):
                return {"stale": True}
            import traceback

            traceback.print_exc()
            said = failure(type(error).__name__, f"{type(error).__name__}: {error}".rstrip(": "))
            return {**said, "location": location(self._places, error, function)}
        finally:
            self._was_asked = True

    def _tool(self, loaded: Loaded, file: str) -> ModuleType:
        """Loads the tool in `file`, or restores the state that its top level left. Raises what its top level raises."""
        if loaded.tool is None:
            tool = loaded.context.run(self._modules.load, file)
            loaded.number_at_load = len(loaded.versions)
            loaded.state = self._state.now()
            self._patches.watch(self._modules.own().values())
            self._patches.watch_named(loaded.names)
            return tool
        if loaded.state is not self._state.first:
            self._state.write(loaded.state)
        return loaded.tool

    def _should_try_elsewhere(self, loaded: Loaded, request: dict[str, Any]) -> bool:
        """Tells whether loading may have failed because of an earlier load: some modules load only once per process."""
        if loaded.tool is not None:
            return False
        loaded.is_reusable = False
        asked = (request.get("node"), request.get("files"))
        was_asked = self._was_asked and self._failed != asked
        self._failed = asked
        return was_asked

    def _after_call(self, loaded: Loaded) -> dict[str, Any]:
        """Puts names back; returns what the engine must know: what was loaded, and why this process must end."""
        changed, patched = self._patches.undo()
        if changed:
            loaded.is_reusable = False
        reply: dict[str, Any] = {}
        if loaded.differing():
            reply["unlike"] = loaded.differing()
        if loaded.unforeseen():
            reply["loaded"] = loaded.unforeseen()
        why = "a name of another module was replaced" if patched else self._leftovers.found()
        if self._modules.holds_native_code:
            why = "a compiled module was loaded"
        return {**reply, "retire": True, "why": why} if why else reply

    def _has_late_effects(self, loaded: Loaded) -> bool:
        """Tells whether modules loaded during the call changed the process, which the next call would expect."""
        return len(loaded.versions) > loaded.number_at_load and not self._state.is_as(loaded.state)


def call(function: Callable[[Any], Any], value: Any) -> Any:
    """Calls `function` with `value`, and awaits the result if it is awaitable."""
    libraries.own_decimal_context()
    result = function(value)
    if not hasattr(result, "__await__"):
        return result
    import asyncio  # takes as long as everything else together, and most tools do not need it

    return asyncio.run(awaited(result))


async def awaited(result: Any) -> Any:
    """Awaits `result`: `asyncio.run` takes coroutines only."""
    return await result


def functions(module: ModuleType) -> list[str]:
    """The functions that `module` itself defines, in source order."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


def failure(type_: str, message: str, **more: Any) -> dict[str, Any]:
    """The reply for an error."""
    return {"ok": False, "type": type_, "message": message, **more}


def location(places: Places, error: BaseException, function: Any) -> dict[str, Any] | None:
    """The place of `error` in the experience's files: the innermost such frame, else the function's first line."""
    if isinstance(error, SyntaxError) and error.filename and places.is_own(error.filename):
        return {"file": places.shown(error.filename), "line": error.lineno}
    import traceback

    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if places.is_own(frame.filename):
            return {"file": places.shown(frame.filename), "line": frame.lineno}
    code = getattr(function, "__code__", None)
    return None if code is None else {"file": places.shown(code.co_filename), "line": code.co_firstlineno}


def encode(request: dict[str, Any], reply: dict[str, Any]) -> bytes:
    """Encodes a reply as one line. An output that JSON cannot hold becomes an error that names the place."""
    reply = {"id": request["id"], **reply}
    try:
        return TO_LINE(reply).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        if reply["ok"]:
            message = fault(reply.pop("output"), "", ()) or f"the result is not JSON: {error}"
            return encode(request, {**reply, **failure("ToolResult", message)})
        return (json.dumps(reply) + "\n").encode()


def fault(value: Any, path: str, inside: tuple[int, ...]) -> str | None:
    """The first part of `value` that JSON cannot hold, with its path; None if there is none."""
    reason = unfit(value, inside)
    if reason is not None:
        return f"{path or 'the result'} {reason}"
    parts = ((f"{path}[{index}]", part) for index, part in enumerate(value)) if isinstance(value, (list, tuple)) else ()
    if isinstance(value, dict):
        parts = ((f"{path}.{key}" if path else str(key), part) for key, part in value.items())
    return next(filter(None, (fault(part, step, (*inside, id(value))) for step, part in parts)), None)


def unfit(value: Any, inside: tuple[int, ...]) -> str | None:
    """The reason why JSON cannot hold `value` itself, inside the containers with these ids; None if it can."""
    if isinstance(value, (dict, list, tuple)):
        return unfit_container(value, inside)
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, which JSON cannot hold; return a finite number or None"
    if isinstance(value, str) and not encodable(value):
        return "is text with half of a surrogate pair, which JSON cannot hold; decode it with errors='replace'"
    if value is None or isinstance(value, (str, int, float)):
        return None
    return f"is a {type(value).__name__}; return only dicts, lists, strings, numbers, booleans and None"


def unfit_container(value: Any, inside: tuple[int, ...]) -> str | None:
    """As `unfit` for a dict, list or tuple, without its members."""
    if id(value) in inside:
        return "contains itself"
    if len(inside) == MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} levels deep"
    for key in value if isinstance(value, dict) else ():
        if not isinstance(key, (str, int, float, type(None))):
            return f"has the key {key!r}; keys must be strings"
    return None


def encodable(text: str) -> bool:
    """Tells whether `text` can be encoded as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def send(channel: int, line: bytes) -> None:
    """Writes all of `line`."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(channel, rest) :]


if __name__ == "__main__":
    if sys.version_info < (3, 8):  # noqa: UP036 — the Python of the tools, not that of the engine
        sys.exit("tools need Python 3.8 or newer; this is " + sys.version.split()[0])
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
elif __name__ == "__mp_main__":
    in_child()
