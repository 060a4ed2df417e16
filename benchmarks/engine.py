"""Overhead per durable step: this engine, its Python tools in their worker included, against LangGraph and DBOS.

`make bench`, or `python benchmarks/engine.py [--rounds N] [--json]`. The others live in .bench/venv.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rounds import OURS, VENV_PYTHON, Case, Contender, fastest, options, require_the_others


@dataclass(frozen=True)
class Result:
    """The best of all rounds: what disturbs a machine only ever adds."""

    contender: Contender
    ms_per_step: float
    bytes: int
    durability: str


FLOOR = Contender("append + fdatasync", "floor.py", OURS, "chain")


def cases() -> tuple[Case, ...]:
    """Everything that is measured."""

    def against(shape: str, *, cycle: bool = False) -> tuple[Contender, ...]:
        langgraph = [Contender("LangGraph", "with_langgraph.py", VENV_PYTHON, shape)]
        if cycle:
            langgraph.append(Contender("LangGraph, one node in a cycle", "with_langgraph.py", VENV_PYTHON, "cycle"))
        dbos = Contender("DBOS", "with_dbos.py", VENV_PYTHON, "fanout" if shape == "fanout" else "chain")
        return (FLOOR, Contender("oe", "ours.py", OURS, shape), *langgraph, dbos)

    return (
        Case("chain of steps that do nothing", 1_000, against("noop")),
        Case("chain of steps that do nothing", 2_000, against("noop")),
        Case("chain, a field for each step", 100, against("fields")),
        Case("chain, a field for each step", 1_000, against("fields")),
        Case("chain, one field for all", 1_000, against("chain", cycle=True)),
        Case("fan-out", 1_000, against("fanout")),
    )


def measure(case: Case, rounds: int) -> list[Result]:
    """Run all contenders in turn, `rounds` times."""
    return [
        Result(contender, best["seconds"] / case.steps * 1000, best["bytes"], best["durability"])
        for contender, best in fastest(case.contenders, case.steps, rounds).items()
    ]


def ratios(results: list[Result]) -> Iterator[tuple[Result, float]]:
    """Each result with its time as a multiple of ours."""
    ours = next(result for result in results if result.contender.program == "ours.py")
    return ((result, result.ms_per_step / ours.ms_per_step) for result in results)


def table(case: Case, results: list[Result]) -> str:
    """The results of one case for a terminal."""
    lines = [f"{case.title} of {case.steps:,} steps", ""]
    lines.append(f"  {'':<32} {'ms/step':>8} {'x ours':>7} {'bytes/step':>11}  durability")
    lines += [
        f"  {result.contender.name:<32} {result.ms_per_step:>8.2f} {ratio:>7.2f} "
        f"{result.bytes / case.steps:>11,.0f}  {result.durability}"
        for result, ratio in ratios(results)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    asked = options(__doc__, rounds=5)
    require_the_others()
    for case in cases():
        results = measure(case, asked.rounds)
        if asked.json:
            for result, ratio in ratios(results):
                print(json.dumps(_plain(case, result, ratio)))
        else:
            print(table(case, results), flush=True)


def _plain(case: Case, result: Result, ratio: float) -> Mapping[str, str | int | float]:
    return {
        "case": case.title,
        "steps": case.steps,
        "contender": result.contender.name,
        "msPerStep": round(result.ms_per_step, 4),
        "timesOurs": round(ratio, 3),
        "bytes": result.bytes,
        "durability": result.durability,
    }


if __name__ == "__main__":
    main()
