"""The experiences that benchmarks/lsp.py opens, and what is typed into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

EDITS = 30

_HEAD = """\
name: measured
version: 1.0.0
description: An experience of {nodes} nodes, half of them agents.
args:
  type: object
  properties:
    topic: {{ type: string, default: weather }}
state:
  schema:
"""
_FIELD = "    {field}: {{ type: string }}\n"
_TOOL = """\
    - id: {id}
      kind: tool
      impl: ./tools.py:work
      reads: [{before}]
      writes: [{field}]
      args:
        topic: $args.topic
        depth: {number}
      timeout_ms: 30000
"""
_AGENT = """\
    - id: {id}
      kind: agent
      prompt: |
        Look at {{{{{before}}}}} and say in a sentence what follows from it
        for step {number}. Keep to what is there.
      reads: [{before}]
      schema:
        type: object
        required: [{field}]
        properties:
          {field}: {{ type: string }}
      writes: [{field}]
"""
_FIRST = """\
    - id: {id}
      kind: tool
      impl: ./tools.py:work
      writes: [{field}]
"""
_MISTAKE = "    - { from: step_0000, to: 1 }\n"
_EDGE = "    - {{ from: {start}, to: {end} }}\n"

TOOLS = "def work(given):\n    return {}\n"


@dataclass(frozen=True)
class Edit:
    """What is typed: `new` in the place of the characters from `start` to `end`."""

    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        """The text after it."""
        return text[: self.start] + self.new + text[self.end :]


def experience(nodes: int) -> str:
    """A valid chain of nodes: every other one an agent with a prompt and a schema, each with a field of its own."""
    fields = "".join(_FIELD.format(field=_field(number)) for number in range(nodes))
    steps = "".join(_node(number) for number in range(nodes))
    edges = "".join(_EDGE.format(start=_id(number - 1), end=_id(number)) for number in range(1, nodes))
    return f"{_HEAD.format(nodes=nodes)}{fields}graph:\n  nodes:\n{steps}  edges:\n{edges}"


def renamed(text: str) -> str:
    """The same experience with other names for everything."""
    return text.replace("step_", "stage_").replace("field_", "value_").replace("topic", "theme")


def mistaken(text: str) -> str:
    """The experience with a mistake at its end that every schema shows: who reports it has read everything."""
    return text + _MISTAKE


def mended(text: str) -> Edit:
    """What removes that mistake."""
    return Edit(len(text) - len(_MISTAKE), len(text), "")


def edits(nodes: int) -> Iterator[Callable[[str], Edit]]:
    """Thirty edits from the first node to the last, each to be made in the text that the one before left behind.

    They come in pairs, each pair at a node of its own: they change scalars, the graph and the structure, and some
    break the document or mend it.
    """
    for turn in range(EDITS):
        kind = _KINDS[turn % len(_KINDS)]
        number = (turn // 2 * (nodes - 2) // (EDITS // 2)) | 1
        yield partial(kind, number)


def _id(number: int) -> str:
    return f"step_{number:04}"


def _field(number: int) -> str:
    return f"field_{number:04}"


def _node(number: int) -> str:
    form = _FIRST if number == 0 else _AGENT if number % 2 else _TOOL
    return form.format(id=_id(number), number=number, before=_field(max(number - 1, 0)), field=_field(number))


def _after(text: str, *marks: str) -> int:
    at = 0
    for mark in marks:
        at = text.index(mark, at) + len(mark)
    return at


def _word(number: int, text: str) -> Edit:
    at = _after(text, f"id: {_id(number)}\n", " in a ")
    return Edit(at, at, "plain ")


def _unknown_end(number: int, text: str) -> Edit:
    end = _after(text, "\n  edges:\n", f"to: {_id(number)}")
    return Edit(end - 1, end, "x")


def _known_end(number: int, text: str) -> Edit:
    end = _after(text, "\n  edges:\n", f"to: {_id(number)[:-1]}x")
    return Edit(end - 1, end, _id(number)[-1])


def _new_node(number: int, text: str) -> Edit:
    at = text.index(f"    - id: {_id(number)}\n")
    return Edit(at, at, f"    - id: extra_{number}\n      kind: tool\n      impl: ./tools.py:work\n")


def _new_edge(number: int, text: str) -> Edit:
    at = _after(text, "\n  edges:\n")
    return Edit(at, at, _EDGE.format(start=f"extra_{number}", end=_id(number)))


def _wrong_type(number: int, text: str) -> Edit:
    end = _after(text, f"id: {_id(number + 1)}\n", "timeout_ms: 30000")
    return Edit(end - 5, end, "soon")


def _no_field(number: int, text: str) -> Edit:
    line = _FIELD.format(field=_field(number))
    at = text.index(line)
    return Edit(at, at + len(line), "")


def _broken(number: int, text: str) -> Edit:
    at = _after(text, f"id: {_id(number)}\n", "reads: [")
    return Edit(at - 1, at, '["')


def _mended(number: int, text: str) -> Edit:
    at = _after(text, f"id: {_id(number)}\n", 'reads: ["')
    return Edit(at - 2, at, "[")


# An agent is at every odd number, a tool behind it.
_KINDS = (_word, _wrong_type, _unknown_end, _known_end, _new_node, _new_edge, _no_field, _word, _broken, _mended)
