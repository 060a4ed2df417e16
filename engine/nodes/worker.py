"""Runs Python tools for the engine, one request at a time. Stand-alone: Python 3.8 and the standard library suffice.

Started under the supervisor as `python worker.py CHANNEL FOLDER ROOT` in ROOT, the experience's folder. CHANNEL is a
socket that carries one JSON line per message; FOLDER is the one of the tools it runs.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import select
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # here and below: what is only imported when it is needed took as long as everything else together
    from typing import Any, Callable  # noqa: UP035 — Python 3.8

PACKAGES = ("site-packages", "dist-packages")
MAX_DEPTH = 500
LINGER_LOOKS = 2_500
"""How often to look for the next request before sleeping, where one is likely to come at once: for about a millisecond.
No clock says when it is over, since tools may stop the clock of a process."""

LINGER_PAUSE = 16
"""After how many more requests to try again, when none came in that time: others may need the core more."""

TO_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def main(channel: int, folder: str) -> None:
    """Answer requests on the socket `channel` until its other end is closed."""
    os.set_inheritable(channel, False)
    sys.dont_write_bytecode = True
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    root = os.getcwd()  # noqa: PTH109
    sys.path[:] = search_path(sys.path, folder, root)
    tools = Tools(root, folder)
    incoming = select.poll()  # here, where no tool has put anything in its place
    incoming.register(channel, select.POLLIN)
    pause = 0
    with os.fdopen(channel, "rb", closefd=False) as requests:
        for line in requests:
            os.chdir(root)
            request = json.loads(line.decode())
            reply = answer(tools, request)
            tools.note_imports()
            flush()
            send(channel, reply)
            if pause:
                pause -= 1
            elif request.get("linger") and not linger(incoming):
                pause = LINGER_PAUSE


def linger(incoming: select.poll) -> bool:
    """Stay awake until there is a request, or for LINGER_LOOKS: to be woken takes longer than to run a short tool.

    Returns whether there is one.
    """
    return any(incoming.poll(0) for _ in range(LINGER_LOOKS))


def flush() -> None:
    """Let what a tool printed be seen before its answer. A tool may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 — every import makes every start slower
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


def search_path(path: list[str], folder: str, root: str) -> list[str]:
    """`path` without this file's folder, and with the tool's and the experience's after the standard library.

    Not in front: a tool called `email.py` must not replace a module that the standard library needs.
    """
    # Python names the folder that the file really lies in, where installers link files.
    here = [os.path.dirname(file) for file in (__file__, os.path.realpath(__file__))]  # noqa: PTH120
    kept = [entry for entry in path if entry and entry not in here]
    named = [os.path.basename(entry) for entry in kept]  # noqa: PTH119
    at = next((index for index, name in enumerate(named) if name in PACKAGES), len(kept))
    own = [folder] if folder == root else [folder, root]
    return kept[:at] + own + kept[at:]


class Tools:
    """The tool modules that are loaded; they and the local modules they import are loaded anew when a file changed."""

    def __init__(self, root: str, folder: str) -> None:
        self._homes = (root + os.sep, folder + os.sep)
        self._root = root
        self._modules: dict[str, ModuleType] = {}
        self._stamps: dict[str, tuple[int, int] | None] = {}
        self._known = 0

    def load(self, file: str) -> ModuleType:
        """The module of `file`. Raises whatever its top level raises."""
        if any(stamp(path) != seen for path, seen in self._stamps.items()):
            self._forget()
        module = self._modules.get(file)
        if module is None:
            module = self._load(file)
        return module

    def note_imports(self) -> None:
        """Remember the state of the local modules' files; to be called when a tool may have imported some."""
        if len(sys.modules) == self._known:
            return
        self._known = len(sys.modules)
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and self.is_local(file):
                self._stamps.setdefault(file, stamp(file))

    def is_local(self, file: str) -> bool:
        """Whether `file` belongs to the experience, and not to a package that is installed in its folder."""
        return file.startswith(self._homes) and not any(name in file for name in PACKAGES)

    def shown(self, file: str) -> str:
        """`file` as its author knows it: relative to the experience."""
        return file[len(self._root) + 1 :] if file.startswith(self._root + os.sep) else file

    def _load(self, file: str) -> ModuleType:
        importlib.invalidate_caches()
        name = "oe_tool_" + os.path.splitext(os.path.basename(file))[0]  # noqa: PTH119, PTH122
        loader = SourceFileLoader(name, file)
        module = new_module(name, file, loader)
        self._stamps[file] = stamp(file)
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            self._forget()
            raise
        self._modules[file] = module
        return module

    def _forget(self) -> None:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and name != "__main__" and self.is_local(file):
                del sys.modules[name]
        self._modules.clear()
        self._stamps.clear()
        self._known = 0


def new_module(name: str, file: str, loader: SourceFileLoader) -> ModuleType:
    """An empty module, as `importlib.util` makes one for `file`."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, loader, origin=file)
    module.__spec__.has_location = True
    module.__loader__ = loader
    module.__file__ = file
    module.__package__ = ""
    return module


def stamp(file: str) -> tuple[int, int] | None:
    """What changes when `file` does; None where there is no file."""
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def answer(tools: Tools, request: dict[str, Any]) -> bytes:
    """The reply to one request. Never raises: whatever a tool does becomes an error that says so."""
    function = None
    try:
        module = tools.load(request["file"])
        name = request["function"] or "run"
        function = getattr(module, name, None)
        if not callable(function):
            return encode(request, failure("NoFunction", "", names=functions(module)))
        return encode(request, {"ok": True, "output": call(function, request["input"])})
    except SystemExit as error:
        said = failure("SystemExit", f"the tool called sys.exit({error.code!r}) instead of returning its result")
        return encode(request, {**said, "location": location(tools, error, function)})
    except BaseException as error:  # noqa: BLE001 — the tool's errors are its author's, not the worker's
        import traceback

        traceback.print_exc()
        said = failure(type(error).__name__, f"{type(error).__name__}: {error}".rstrip(": "))
        return encode(request, {**said, "location": location(tools, error, function)})


def call(function: Callable[[Any], Any], value: Any) -> Any:
    """What `function` returns for `value`, awaited where it is to be."""
    result = function(value)
    if not hasattr(result, "__await__"):
        return result
    import asyncio  # takes as long as everything else together, and most tools do not need it

    return asyncio.run(awaited(result))


async def awaited(result: Any) -> Any:
    """`result`, in a coroutine of our own: `asyncio.run` takes no other awaitable."""
    return await result


def functions(module: ModuleType) -> list[str]:
    """The functions that `module` itself defines, in its order."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


def failure(type_: str, message: str, **more: Any) -> dict[str, Any]:
    """A reply that says what went wrong."""
    return {"ok": False, "type": type_, "message": message, **more}


def location(tools: Tools, error: BaseException, function: Any) -> dict[str, Any] | None:
    """Where in the experience's files `error` comes from: the innermost such frame, else the function's first line."""
    if isinstance(error, SyntaxError) and error.filename and tools.is_local(error.filename):
        return {"file": tools.shown(error.filename), "line": error.lineno}
    import traceback

    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if tools.is_local(frame.filename):
            return {"file": tools.shown(frame.filename), "line": frame.lineno}
    code = getattr(function, "__code__", None)
    return None if code is None else {"file": tools.shown(code.co_filename), "line": code.co_firstlineno}


def encode(request: dict[str, Any], reply: dict[str, Any]) -> bytes:
    """One line. An output that JSON cannot hold becomes an error that names the place."""
    reply = {"id": request["id"], **reply}
    try:
        return TO_LINE(reply).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        if reply["ok"]:
            message = fault(reply["output"], "", ()) or f"the result is not JSON: {error}"
            return encode(request, failure("ToolResult", message))
        return (json.dumps(reply) + "\n").encode()


def fault(value: Any, path: str, inside: tuple[int, ...]) -> str | None:
    """The first thing in `value` that JSON cannot hold, with its path; None where there is none."""
    reason = unfit(value, inside)
    if reason is not None:
        return f"{path or 'the result'} {reason}"
    parts = ((f"{path}[{index}]", part) for index, part in enumerate(value)) if isinstance(value, (list, tuple)) else ()
    if isinstance(value, dict):
        parts = ((f"{path}.{key}" if path else str(key), part) for key, part in value.items())
    return next(filter(None, (fault(part, step, (*inside, id(value))) for step, part in parts)), None)


def unfit(value: Any, inside: tuple[int, ...]) -> str | None:
    """Why JSON cannot hold `value` itself, which lies inside of the containers with these ids; else None."""
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
    """The same for a dict, list or tuple, apart from what is in it."""
    if id(value) in inside:
        return "contains itself"
    if len(inside) == MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} levels deep"
    for key in value if isinstance(value, dict) else ():
        if not isinstance(key, (str, int, float, type(None))):
            return f"has the key {key!r}; keys must be strings"
    return None


def encodable(text: str) -> bool:
    """Whether `text` has a UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def send(channel: int, line: bytes) -> None:
    """Write all of `line`."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(channel, rest) :]


if __name__ == "__main__":
    if sys.version_info < (3, 8):  # noqa: UP036 — the Python of the tools, not that of the engine
        sys.exit("tools need Python 3.8 or newer; this is " + sys.version.split()[0])
    main(int(sys.argv[1]), sys.argv[2])
