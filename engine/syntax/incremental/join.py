"""Joins pieces into the block of the whole: shifts offsets and problems, merges anchors and aliases."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from engine.syntax.green_tree import Entry, Green, Mapping, Sequence, Style, make_mapping, make_sequence
from engine.syntax.incremental.block import Block
from engine.syntax.incremental.block_layout import Layout, end_of_first_line
from engine.syntax.problems import SyntaxProblem
from engine.syntax.yaml.duplicate_keys import duplicate_keys
from engine.syntax.yaml.reader import Reading


def joined(text: str, layout: Layout, pieces: list[tuple[int, Block]]) -> Block:
    """Return the block that consists of pieces, each at its offset."""
    whole = Block(text, None, 0)
    problems: list[SyntaxProblem] = []
    defines: dict[str, Green] = {}
    uses: list[tuple[str, Green | None]] = []
    nodes: list[tuple[int, Green]] = []
    parts: dict[str, Block] = {}
    divided: dict[str, Block] = {}
    for at, piece in pieces:
        if piece.node is not None:
            nodes.append((at + piece.start, piece.node))
        if not piece.plain:
            problems += [problem.shift(at) for problem in piece.problems]
            uses += [(name, target) for name, target in piece.uses if defines.get(name) is not target or not target]
            defines.update(piece.defines)
        if piece.settled:
            parts[piece.text] = piece
        else:
            whole.settled = False
        if piece.parts:
            divided[label(piece.text)] = piece
        if piece.failed:
            whole.failed = True
    whole.parts, whole.divided = parts, divided
    if nodes:
        start = whole.start = nodes[0][0]
        length = nodes[-1][0] + nodes[-1][1].length - start
        if layout.is_mapping:
            entries = tuple(_entries(nodes, start))
            problems += duplicate_keys(start, entries)
            whole.node = make_mapping(text, start, length, entries, Style.BLOCK)
        else:
            whole.node = make_sequence(text, start, length, tuple(_items(nodes, start)), Style.BLOCK)
    whole.problems = tuple(dict.fromkeys(problems))
    whole.defines, whole.uses = tuple(defines.items()), tuple(uses)
    return whole


def entry_around(text: str, key: Reading, begin: int, body: Block) -> Block:
    """Return the entry of a key, read by itself, and the body below it, which starts at `begin`."""
    assert isinstance(key.node, Mapping)
    entry = key.node.entries[0]
    start = key.start
    end = start + key.node.length
    value_at = entry.value_at
    if body.node is not None:
        value_at = begin + body.start - start
        end = start + value_at + body.node.length
    entries = (Entry(entry.key_at, entry.key, value_at, body.node),)
    node = make_mapping(text, start, end - start, entries, Style.BLOCK)
    problems = (*key.problems, *[problem.shift(begin) for problem in body.problems])
    return replace(body, text=text, node=node, start=start, problems=problems)


def item_around(text: str, dash: int, body: Block) -> Block:
    """Return the item whose dash is at `dash` and whose content is `body`."""
    if body.node is None:
        return replace(body, text=text, node=make_sequence(text, dash, 1, (), Style.BLOCK), start=dash)
    end = body.start + body.node.length
    items = ((body.start - dash, body.node),)
    node = make_sequence(text, dash, end - dash, items, Style.BLOCK)
    return replace(body, text=text, node=node, start=dash)


def label(text: str) -> str:
    """Return the first line of a piece, by which it is recognised when its text has changed."""
    return text[: end_of_first_line(text)]


def _entries(nodes: list[tuple[int, Green]], start: int) -> Iterator[Entry]:
    for at, node in nodes:
        by = at - start
        assert isinstance(node, Mapping)
        for entry in node.entries:
            yield Entry(entry.key_at + by, entry.key, entry.value_at + by, entry.value)


def _items(nodes: list[tuple[int, Green]], start: int) -> Iterator[tuple[int, Green]]:
    for at, node in nodes:
        assert isinstance(node, Sequence)
        for offset, item in node.items:
            yield at - start + offset, item
