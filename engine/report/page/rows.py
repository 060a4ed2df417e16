"""The named values of an execution as rows: what it received, what it put out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct

from engine.json_types import Json
from engine.log.events.events import Input
from engine.log.humanize import shortened_name
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution, History
from engine.report.page.texts import SHARED_FROM, SharedTexts, Shown, ValueText, ValueTexts, text_box, value_text
from engine.report.received_inputs import KnownValues

_LONGEST_NAME = 200

VALUE_PREFIXES = ("item", "index", "args.", "reads.", "edges.", "runArgs.", "inputs.", "source.")
"""How the input parts that are values begin; others are files, prompts and settings."""


class Row(Struct, frozen=True):
    """A named value; without `text`, only its hash is known."""

    name: str
    text: ValueText | None
    hash: str = ""


class ExecutionRows:
    """Finds the values of executions: in the log, or in logs without inputs by their hash."""

    def __init__(self, texts: ValueTexts, run: History, written: Iterable[Json]) -> None:
        """`written` are values in the experience, such as args of nodes."""
        self._texts = texts
        self._run = run
        self._written = written
        self._known: KnownValues | None = None

    def inputs(self, execution: Execution) -> list[Row]:
        """What it received, the item first."""
        rows = {} if execution.input is None else {row.name: row for row in self._received(execution, execution.input)}
        for name, part in execution.input_parts.items():
            if name not in rows and name.startswith(VALUE_PREFIXES):
                rows[name] = Row(name, self._value_of(execution, name, part), part)
        return sorted(rows.values(), key=lambda row: _rank(row.name))

    def outputs(self, execution: Execution) -> list[Row]:
        """What it put out."""
        output = execution.output
        if output is None:
            return []
        rows = [Row(f"writes {name}", self._texts.put_out(value)) for name, value in output.state_delta.items()]
        if output.edge_output is not UNSET:
            rows.append(Row("edge output", self._texts.put_out(output.edge_output)))
        return rows

    def item(self, execution: Execution) -> ValueText | None:
        """The item that a part is for."""
        if execution.input is not None and execution.input.item is not UNSET:
            return self._texts.received(execution.input.item)
        part = execution.input_parts.get("item")
        return None if not part else self._behind(part)

    def _received(self, execution: Execution, received: Input) -> Iterator[Row]:
        given = "source" if any(name.startswith("source.") for name in execution.input_parts) else "inputs"
        sections = {"args": received.args, "reads": received.reads, "edges": received.edges, given: received.given}
        for section, values in sections.items():
            for name, value in values.items():
                yield Row(f"{section}.{name}", self._texts.received(value))
        if received.item is not UNSET:
            yield Row("item", self._texts.received(received.item))

    def _value_of(self, execution: Execution, name: str, part: str) -> ValueText | None:
        """The value of an input part that the logged input does not hold."""
        args = self._run.started.args if self._run.started is not None else {}
        scope = execution.scope[-1] if execution.scope else None
        if name.startswith("runArgs.") and (arg := name.removeprefix("runArgs.")) in args:
            return self._texts.put_out(args[arg])
        if name == "index" and scope is not None and scope.item is not None:
            return value_text(scope.item.index)
        return self._behind(part) if part and execution.input is None else None

    def _behind(self, part: str) -> ValueText | None:
        if self._known is None:  # reads the whole run; only old logs need it
            self._known = KnownValues(self._run, self._written)
        found = self._known.behind(part)
        return None if found is None else value_text(found[0])


class RowTable:
    """Draws rows, each text once: where it is on the page already, with a link there."""

    def __init__(self, limit: int, shared_from: int = SHARED_FROM) -> None:
        """No text is shown with more than `limit` characters; those of `shared_from` are shown once."""
        self.limit = limit
        self._shared = SharedTexts(shared_from)

    def table(self, rows: Iterable[Row], owner: Shown | None = None) -> Element:
        """The rows; later ones with the same text will link to `owner`, if they may."""
        return element("dl", *(each for row in rows for each in self._row(row, owner)), class_="values")

    def _row(self, row: Row, owner: Shown | None) -> tuple[Element, Element]:
        return element("dt", shortened_name(row.name, _LONGEST_NAME)), element("dd", self._cell(row, owner))

    def _cell(self, row: Row, owner: Shown | None) -> Element:
        if row.text is None:
            return element("p", f"hash {row.hash[:64]}" if row.hash else "left out", class_="note")
        place = self._shared.place(row.text)
        if place is not None and (owner is None or place.id != owner.id):
            of = "its" if row.name == f"edges.{place.node_id}" else f"{shortened_name(place.node_id, _LONGEST_NAME)}:"
            name = f"{of} {shortened_name(place.name, _LONGEST_NAME)}"
            return element("a", name, href=f"#{place.id}")
        if owner is not None:
            self._shared.add(row.text, Shown(owner.id, owner.node_id, row.name))
        return text_box(row.text, row.name, self.limit)


def _rank(name: str) -> int:
    return next((rank for rank, prefix in enumerate(VALUE_PREFIXES) if name.startswith(prefix)), 0)
