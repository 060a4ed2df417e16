"""`oe doctor`: checks that this machine has what runs need."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import click
from msgspec import Struct

from engine.cli.options import examples, path_argument
from engine.cli.output.printing import print_json
from engine.json_types import Json
from engine.visible import visible

_OLDEST_PYTHON = (3, 10)
_SECONDS = 5
_KEYS = {"ANTHROPIC_API_KEY": "agents and skills", "OPENAI_API_KEY": "`--llm openai`"}


class Status(str, Enum):
    """The result of a check. FAIL: no run works."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"


class Check(Struct, frozen=True):
    """One check. `detail` says what was found and, unless it passed, what to do."""

    name: str
    status: Status
    detail: str


_LINE_BREAKS = str.maketrans("\t\n", "␉␊")
_SIGNS = {Status.PASS: ("✓", "green"), Status.WARN: ("!", "yellow"), Status.FAIL: ("✗", "red")}


@click.command(
    "doctor",
    epilog=examples(
        ("oe doctor", "the experience in this folder"),
        ("oe doctor --json | jq .summary", "for a script"),
    ),
)
@path_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(path: Path, as_json: bool) -> int:
    """Check Python, Node.js, keys, coding agents, and the experience at PATH (default: this folder): its folder, and
    what its nodes need.

    A warning concerns only some kinds of nodes. Exit code 1 if a check fails
    that every run needs. Values of keys are never printed.
    """
    checks = [*_checks(path.parent if path.is_file() else path), *_nodes(path)]
    failed = any(check.status is Status.FAIL for check in checks)
    if as_json:
        print_json(_to_json(checks))
        return 1 if failed else 0
    width = max(len(check.name) for check in checks)
    for check in checks:
        sign, colour = _SIGNS[check.status]
        detail = visible(check.detail).translate(_LINE_BREAKS)
        click.echo(f"{click.style(sign, fg=colour)} {check.name:<{width}}  {detail}")
    return 1 if failed else 0


def _checks(folder: Path) -> Iterator[Check]:
    yield _system()
    yield _python()
    yield from _packages()
    yield _yaml()
    yield _tool_python(folder)
    yield _node()
    yield _writable(folder)
    yield _locks(folder)
    yield from (_key(name, purpose) for name, purpose in _KEYS.items())
    yield from _network()
    yield from _coding_agents()


def _system() -> Check:
    name = f"{platform.system()} {platform.machine()}"
    if sys.platform == "win32":
        return Check("system", Status.FAIL, f"{name}: only validating works here; use WSL to run experiences")
    return Check("system", Status.PASS, name)


def _python() -> Check:
    version = sys.version_info[:2]
    status = Status.PASS if version >= _OLDEST_PYTHON else Status.FAIL
    return Check("python", status, f"{platform.python_version()}, {sys.executable}")


def _yaml() -> Check:
    import yaml

    if yaml.__with_libyaml__:
        return Check("yaml", Status.PASS, "PyYAML with libyaml")
    remedy = "install PyYAML from a wheel: pip install --force-reinstall --only-binary pyyaml pyyaml"
    return Check("yaml", Status.WARN, f"PyYAML without libyaml: reading is slow, and some tabs are refused; {remedy}")


def _tool_python(folder: Path) -> Check:
    from engine.nodes.kind import NodeError
    from engine.nodes.workers.interpreters import find_python, python_version, require_python

    try:
        require_python(folder, None)
        program = find_python(folder, None)
        return Check("python of tools", Status.PASS, f"{python_version(program)}, {program}")
    except NodeError as error:
        return Check("python of tools", Status.FAIL, str(error))


def _node() -> Check:
    from engine.nodes.kind import NodeError
    from engine.nodes.workers.interpreters import find_node, node_version

    try:
        program = find_node()
        return Check("node", Status.PASS, f"{node_version(program)}, {program}")
    except NodeError as error:
        return Check("node", Status.WARN, f"{error} (needed for tools in JavaScript)")


def _packages() -> Iterator[Check]:
    """Our packages have common names. Tools may import others of the same names, we never do."""
    from engine.cli.packages import own_packages

    for package in own_packages():
        if not package.others:
            yield Check(package.name, Status.PASS, f"loaded from {package.folder}")
            continue
        others = ", ".join(map(str, package.others))
        detail = f"loaded from {package.folder}, not from {others}: only tools import those"
        yield Check(package.name, Status.WARN, detail)


def _writable(folder: Path) -> Check:
    """Runs write to the folder of the experience."""
    if not folder.is_dir():
        return Check("folder", Status.FAIL, f"{folder} is not a folder")
    try:
        with tempfile.TemporaryDirectory(dir=_data_folder(folder), prefix=".oe-doctor-"):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("folder", Status.FAIL, f"{folder.absolute()} is not writable: {error.strerror}")
    return Check("folder", Status.PASS, f"{folder.absolute()} is writable, {free / 1e9:.1f} GB free")


def _locks(folder: Path) -> Check:
    """Locks tell running from interrupted runs; some network disks do not support them."""
    from engine.log.storage.lock import RunLock, is_held

    try:
        with tempfile.TemporaryDirectory(dir=_data_folder(folder), prefix=".oe-doctor-") as probe:
            path = Path(probe) / "probe.lock"
            lock = RunLock(path, "")
            held = is_held(path)
            lock.release()
    except OSError as error:
        return Check("file locks", Status.FAIL, f"not supported here: {error.strerror or error}")
    if not held:
        return Check("file locks", Status.FAIL, "not kept by this disk; move the experience to a local one")
    return Check("file locks", Status.PASS, "supported")


def _data_folder(folder: Path) -> Path:
    data = folder / ".openexpertise"
    return data if data.is_dir() else folder


def _key(name: str, purpose: str) -> Check:
    from engine.llm.clients.connection import key_problems
    from engine.llm.providers import PROVIDERS
    from engine.log.secrets.weak_secrets import weakness

    value = os.environ.get(name, "")
    problem = next(iter(key_problems(name, os.environ)), None)
    if problem is not None:
        return Check(name, Status.WARN, problem)
    if value and (weak := weakness(value)) is not None:
        return Check(name, Status.WARN, f"set, but {weak}: not treated as a key, so runs do not mask it")
    if value:
        return Check(name, Status.PASS, "set")
    provider = next((each for each in PROVIDERS.values() if name in each.account.secrets), None)
    instead = None if provider is None else provider.set_variable(os.environ)
    if instead is not None:
        return Check(name, Status.PASS, f"not set; {instead} is")
    return Check(name, Status.WARN, f"not set; needed for {purpose}")


def _network() -> Iterator[Check]:
    """The environment variables for proxies, certificates and hosts, which the first network call would fail on."""
    from engine.llm.clients.connection import key_problems, settings_problems
    from engine.llm.providers import PROVIDERS
    from engine.network.checks import network_problems, network_settings

    problems = list(network_problems(os.environ))
    for provider in PROVIDERS.values():
        for name in provider.account.secrets:
            problems += () if name in _KEYS else key_problems(name, os.environ)
        problems += settings_problems(provider.account, os.environ)
    yield from (Check("network", Status.WARN, problem) for problem in problems)
    if not problems:
        yield Check("network", Status.PASS, network_settings(os.environ))


def _coding_agents() -> Iterator[Check]:
    from engine.nodes.cli_agents.programs import PROGRAMS

    for program in PROGRAMS.values():
        path = program.path()
        version = _first_line_of(path, "--version") if path is not None else None
        if path is None:
            yield Check(
                program.name, Status.WARN, f"not found; needed for cli-agent nodes of this provider: {program.install}"
            )
        elif version is None:
            yield Check(program.name, Status.WARN, f"`{path} --version` fails")
        else:
            yield Check(program.name, Status.PASS, f"{version}, {path}")


def _nodes(path: Path) -> Iterator[Check]:
    """What the nodes of the experience need, if there is one that can run."""
    from engine.experience.load import ExperienceNotFoundError, InvalidExperienceError, UnreadableExperienceError, load
    from engine.llm.providers import usable_provider
    from engine.nodes.requirements import Machine
    from engine.report.run_preview import need_lines
    from engine.runner.load_nested import NotComposableError, compose_loaded
    from engine.runner.needs import needs_of_all

    try:
        composition = compose_loaded(load(path))
    except (ExperienceNotFoundError, UnreadableExperienceError, InvalidExperienceError, NotComposableError):
        return
    needs = needs_of_all(composition, Machine(provider=usable_provider()))
    yield from (Check("nodes", Status.WARN, line.strip()) for line in need_lines(needs))
    if not needs:
        yield Check("nodes", Status.PASS, "all that they need is there")


def _first_line_of(program: str, *arguments: str) -> str | None:
    """The first line of a program's output; None if it fails or takes too long."""
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    lines = done.stdout.strip().splitlines()
    return lines[0] if lines else None


def _to_json(checks: list[Check]) -> dict[str, Json]:
    found = Counter(check.status for check in checks)
    return {
        "checks": [{"name": check.name, "status": check.status.value, "detail": check.detail} for check in checks],
        "summary": {"passed": found[Status.PASS], "warned": found[Status.WARN], "failed": found[Status.FAIL]},
    }
