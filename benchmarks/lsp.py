"""What an editor waits for: this language server against yaml-language-server with our schema, and a bare pygls server.

`make bench`, or `python benchmarks/lsp.py [--rounds N] [--nodes N ...] [--json]`. yaml-language-server lives in .bench.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from lsp_session import Measured, Server, measure
from rounds import BENCH, HERE, OURS

_SCHEMA = HERE.parent / "schemas" / "experience.schema.json"
_YAML_SERVER = BENCH / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
_SIZES = (10, 100, 1_000)
_LONGEST_HOLD_MS = 20
_CONTENDERS = HERE / "contenders"

_YAML_SETTINGS = {
    "yaml": {
        "validate": True,
        "completion": True,
        "hover": True,
        "schemas": {_SCHEMA.as_uri(): ["experience.yaml"]},
        "schemaStore": {"enable": False},
        "maxItemsComputed": 1_000_000,
    }
}

SERVERS = (
    Server("oe-lsp", (OURS, "-m", "oe_lsp.server"), {}),
    Server("yaml-language-server", ("node", _YAML_SERVER, "--stdio"), _YAML_SETTINGS),
    Server("bare pygls", (OURS, _CONTENDERS / "lsp_bare.py"), {}, finds_mistakes=False),
)
_WATCHED = Server("oe-lsp, watched", (OURS, _CONTENDERS / "lsp_ours_timed.py"), {})


@dataclass(frozen=True)
class Bar:
    """What one number of ours may be at most, as a part of another server's."""

    name: str
    nodes: int
    number: str
    against: str
    most: float


BARS = (
    Bar("edit to diagnostics", 100, "edit", "yaml-language-server", 1 / 8),
    Bar("edit to diagnostics", 1_000, "edit", "yaml-language-server", 1 / 20),
    Bar("open to diagnostics", 1_000, "open", "yaml-language-server", 1 / 3),
    Bar("completion", 1_000, "completion", "yaml-language-server", 1 / 10),
    Bar("hover", 1_000, "hover", "yaml-language-server", 1 / 10),
    Bar("document symbols", 1_000, "symbols", "yaml-language-server", 1 / 2),
    Bar("start-up", 1_000, "start", "bare pygls", 1.2),
    Bar("memory", 1_000, "memory", "yaml-language-server", 1.0),
)

_ROWS = {
    "start": "start-up",
    "first": "start to diagnostics",
    "open": "open to diagnostics",
    "edit": "edit to diagnostics, median",
    "worst_edit": "edit to diagnostics, worst",
    "completion": "completion",
    "hover": "hover",
    "symbols": "document symbols",
    "memory": "memory, MiB",
    "reported": "problems told",
}


def best_of(sessions: list[Measured]) -> Measured:
    """The smallest of each number: what disturbs a machine only ever adds."""
    numbers = {name: min(getattr(one, name) for one in sessions) for name in _ROWS}
    return Measured(**numbers, log=sessions[-1].log)


def compare(nodes: int, rounds: int) -> dict[str, Measured]:
    """Sessions with all servers in turn, `rounds` times, with the same file."""
    sessions: dict[str, list[Measured]] = {server.name: [] for server in SERVERS}
    for _ in range(rounds):
        for server in SERVERS:
            sessions[server.name].append(_session(server, nodes))
    return {name: best_of(measured) for name, measured in sessions.items()}


def loop_holds(nodes: int, rounds: int) -> Mapping[str, tuple[float, float]]:
    """What held the event loop of ours longest, in the best of the rounds: milliseconds in all, and of its own work."""
    rounds_held = [json.loads(_session(_WATCHED, nodes).log.splitlines()[-1]) for _ in range(rounds)]
    return min(rounds_held, key=lambda held: max(held.values()))


def holds_table(nodes: int, held: Mapping[str, tuple[float, float]]) -> str:
    """What held the loop, and whether that is within its bar."""
    longest, _ = max(held.values())
    verdict = "met" if longest <= _LONGEST_HOLD_MS else "MISSED"
    lines = [f"  loop held at {nodes:,} nodes  {longest:>6.1f} ms, at most {_LONGEST_HOLD_MS}: {verdict}"]
    lines += [f"    {total:>6.1f} ms, of which own work {own:>6.1f}  {name}" for name, (total, own) in held.items()]
    return "\n".join(lines)


def table(nodes: int, found: Mapping[str, Measured]) -> str:
    """The numbers for one size, in milliseconds where nothing else is said."""
    ours = found["oe-lsp"]
    others = [name for name in found if name != "oe-lsp"]
    lines = [
        f"{nodes:,} nodes",
        "",
        f"  {'':<30}{'oe-lsp':>10}" + "".join(f"{name:>24}{'x ours':>9}" for name in others),
    ]
    for name, title in _ROWS.items():
        own = _shown(name, ours)
        parts = (
            f"{_shown(name, found[other]):>24,.1f}{_times(_shown(name, found[other]), own):>9}" for other in others
        )
        lines.append(f"  {title:<30}{own:>10,.1f}" + "".join(parts))
    return "\n".join(lines) + "\n"


def bars(nodes: int, found: Mapping[str, Measured]) -> Iterator[str]:
    """A line for each bar at this size: what it is, and whether it is met."""
    for bar in BARS:
        if bar.nodes == nodes:
            part = getattr(found["oe-lsp"], bar.number) / getattr(found[bar.against], bar.number)
            verdict = "met" if part <= bar.most else "MISSED"
            yield f"  {bar.name:<22} {part:>8.3f} of {bar.against}, at most {bar.most:.3f}: {verdict}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="sessions with each server; the best number counts")
    parser.add_argument("--nodes", type=int, nargs="+", default=list(_SIZES), help="sizes of the file")
    parser.add_argument("--json", action="store_true", help="print one JSON object per server and size")
    options = parser.parse_args()
    if not _YAML_SERVER.exists():
        raise SystemExit("yaml-language-server is not installed: run `make bench`, which puts it into .bench")
    for nodes in options.nodes:
        found = compare(nodes, options.rounds)
        if options.json:
            for name, measured in found.items():
                print(json.dumps({"nodes": nodes, "server": name} | _plain(measured)))
            continue
        print(table(nodes, found))
        print("\n".join(bars(nodes, found)), flush=True)
    if not options.json:
        largest = max(options.nodes)
        print("\n" + holds_table(largest, loop_holds(largest, options.rounds)))


def _session(server: Server, nodes: int) -> Measured:
    # Not in .bench: yaml-language-server gives files in hidden folders no schema.
    with tempfile.TemporaryDirectory() as folder:
        return measure(server, nodes, Path(folder))


def _shown(name: str, measured: Measured) -> float:
    value: float = getattr(measured, name)
    return value / 2**20 if name == "memory" else value


def _times(value: float, ours: float) -> str:
    return f"{value / ours:.2f}" if ours else ""


def _plain(measured: Measured) -> dict[str, float]:
    return {each.name: round(getattr(measured, each.name), 3) for each in fields(measured) if each.name != "log"}


if __name__ == "__main__":
    main()
