"""The flow that resume_metaflow.py runs and resumes: one task for each of N numbers; the last is broken at first."""

from __future__ import annotations

from pathlib import Path

from metaflow import FlowSpec, Parameter, step


class Fan(FlowSpec):
    """Numbers, one more than each, and their count."""

    n = Parameter("n", type=int, default=10)

    @step
    def start(self) -> None:
        self.numbers = list(range(self.n))
        self.next(self.each, foreach="numbers")

    @step
    def each(self) -> None:
        assert self.input < self.n - 1 or not Path("broken").exists()
        with Path("executed").open("a") as file:
            file.write("\n")
        self.found = self.input + 1
        self.next(self.join)

    @step
    def join(self, inputs: list[Fan]) -> None:
        self.total = sum(each.found for each in inputs)
        self.next(self.end)

    @step
    def end(self) -> None:
        assert self.total == self.n * (self.n + 1) // 2


if __name__ == "__main__":
    Fan()
