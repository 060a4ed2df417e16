"""What a resume costs per step that had ended: this engine against LangGraph, DBOS and Metaflow.

`make bench`, or `python benchmarks/resume.py [--rounds N] [--json]`. Of N steps all but the last had ended; what is
timed is reading that, restoring it and executing the last one. The others live in .bench/venv.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rounds import OURS, VENV_PYTHON, Case, Contender, fastest, options, require_the_others


@dataclass(frozen=True)
class Result:
    """The best of all rounds."""

    contender: Contender
    seconds: float
    executed: int


def cases() -> tuple[Case, ...]:
    """Everything that is measured. Metaflow starts a process for each step, so it resumes fewer."""

    def ours(shape: str) -> tuple[Contender, ...]:
        return (
            Contender("oe", "resume_ours.py", OURS, shape),
            Contender("oe resume, the whole command", "resume_ours.py", OURS, f"command-{shape}"),
        )

    def libraries(shape: str) -> tuple[Contender, ...]:
        return (
            Contender("LangGraph", "resume_langgraph.py", VENV_PYTHON, shape),
            Contender("DBOS, fork", "resume_dbos.py", VENV_PYTHON, shape),
        )

    metaflow = Contender("Metaflow resume, the whole command", "resume_metaflow.py", VENV_PYTHON, "fanout")
    return (
        Case("chain", 1_000, (*ours("chain"), *libraries("chain"))),
        Case("fan-out", 1_000, (*ours("fanout"), *libraries("fanout"))),
        Case("fan-out", 50, (*ours("fanout"), *libraries("fanout"), metaflow)),
    )


def measure(case: Case, rounds: int) -> list[Result]:
    """Resume with all contenders in turn, `rounds` times."""
    return [
        Result(contender, best["seconds"], best["executed"])
        for contender, best in fastest(case.contenders, case.steps, rounds).items()
    ]


def table(case: Case, results: list[Result]) -> str:
    """The results of one case for a terminal."""
    lines = [f"{case.title} of {case.steps:,} steps, of which one is left", ""]
    lines.append(f"  {'':<36} {'seconds':>8} {'ms/step':>8} {'ran again':>10}")
    lines += [
        f"  {result.contender.name:<36} {result.seconds:>8.3f} {result.seconds / case.steps * 1000:>8.3f} "
        f"{result.executed:>10,}"
        for result in results
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    asked = options(__doc__, rounds=3)
    require_the_others()
    for case in cases():
        results = measure(case, asked.rounds)
        if asked.json:
            for result in results:
                print(json.dumps(_plain(case, result)))
        else:
            print(table(case, results), flush=True)


def _plain(case: Case, result: Result) -> Mapping[str, str | int | float]:
    return {
        "case": case.title,
        "steps": case.steps,
        "contender": result.contender.name,
        "seconds": round(result.seconds, 4),
        "executed": result.executed,
    }


if __name__ == "__main__":
    main()
