"""Texts with a cursor, marked `$0`, and the fixture files that hold them with the expected results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from textwrap import indent

from engine.experience import analyse
from engine.experience.files.port import Entry
from oe_lsp.ide.completion.offer import Offer
from oe_lsp.ide.document.snapshot import Snapshot

FIXTURES = Path(__file__).parent / "fixtures"
CURSOR = "$0"
URI = "file:///work/experience.yaml"


@dataclass(frozen=True)
class Case:
    """A case of a fixture file: title, text with a cursor, and expectations such as `offers: tool, agent`."""

    title: str
    text: str
    expected: tuple[tuple[str, str], ...]

    def wanted(self, key: str) -> Iterator[str]:
        return (value for name, value in self.expected if name == key)


def cases(kind: str) -> list[Case]:
    """The cases of all fixture files in a folder: `=== title`, text, `---`, expectations."""
    found = []
    for file in sorted((FIXTURES / kind).glob("*.txt")):
        for chunk in file.read_text(encoding="utf-8").split("=== ")[1:]:
            title, _, rest = chunk.partition("\n")
            text, _, expected = rest.partition("\n--- \n")
            lines = [line.partition(":") for line in expected.splitlines() if line.strip()]
            found.append(Case(f"{file.stem}: {title}", text, tuple((key, value.strip()) for key, _, value in lines)))
    return found


def at_cursor(text: str) -> tuple[Snapshot, int]:
    """The snapshot of a text without its cursor, and the offset of the cursor."""
    before, _, after = text.partition(CURSOR)
    return snapshot(before + after), len(before)


def snapshot(text: str) -> Snapshot:
    return Snapshot(URI, 1, text, analyse(text))


def accepted(text: str, offer: Offer) -> str:
    """The text after accepting an offer, with its lines indented as an editor does."""
    start = text.rfind("\n", 0, offer.span.start) + 1
    line = text[start : offer.span.end]
    margin = line[: len(line) - len(line.lstrip(" "))]
    first, *more = offer.plain_text.split("\n")
    inserted = "\n".join([first, *(indent(each, margin) for each in more)])
    return text[: offer.span.start] + inserted + text[offer.span.end :]


class Folder:
    """A folder in memory: the paths of its files, and the contents of some."""

    own = "experience.yaml"

    def __init__(self, *paths: str, texts: Mapping[str, str]) -> None:
        self._paths = [path.split("/") for path in (*paths, *texts)]
        self.texts = texts

    def entry(self, path: str) -> Entry:
        steps = [step for step in path.split("/") if step != "."]
        if steps in self._paths:
            return Entry.FILE
        return Entry.FOLDER if any(each[: len(steps)] == steps for each in self._paths) else Entry.NOTHING

    def names(self, path: str) -> frozenset[str]:
        steps = [step for step in path.split("/") if step != "."]
        return frozenset(each[len(steps)] for each in self._paths if each[: len(steps)] == steps != each)

    def text(self, path: str) -> str | None:
        return self.texts.get(normpath(path))

    def is_inside(self, path: str) -> bool:
        return not path.startswith("..")


INNER = """\
name: inner
version: 1.0.0
args:
  required: [topic]
  properties:
    topic: { type: string, description: What it is about. }
    most: { type: integer, default: 3 }
state:
  schema:
    found: { type: array, description: All that was found. }
    title: { type: string }
graph: { nodes: [{ id: look, kind: tool, impl: ./look.py, writes: [found, title] }], edges: [] }
"""

FOLDER = Folder(
    "experience.yaml",
    "README.md",
    "tools/notes.txt",
    "tools/deep/score.py",
    "prompts/review.md",
    "prompts/short.txt",
    "tools/legacy.cjs",
    "tools/typed.ts",
    "tools/types.d.ts",
    "schemas/verdict.json",
    "data/rows.csv",
    "data/shop.db",
    "skills/triage/SKILL.md",
    ".git/config",
    texts={
        "inner/experience.yaml": INNER,
        "tools/fetch.py": "def run(given): ...\n\n\nasync def pages(given): ...\n\n\ndef _own(): ...\n",
        "tools/render.mjs": "export default (given) => ({});\nexport async function plain(given) {}\n",
        "tools/legacy.cjs": "module.exports = () => ({});\nmodule.exports.score = () => ({});\nexports.rank = 1;\n",
        "mcp.json": '{"servers": {"notes": {"command": "notes-server"}, "mail": {}}}',
    },
)


@dataclass(frozen=True)
class Mark:
    """A marked span of a fixture: `⟦load⟧`, or with a sign, as in `⟦!load⟧`."""

    start: int
    end: int
    sign: str


def without_marks(text: str) -> tuple[str, list[Mark]]:
    """A text without its marks, and the marks."""
    marks: list[Mark] = []
    plain = ""
    for piece in text.split("⟦"):
        marked, closing, rest = piece.partition("⟧")
        if not closing:
            plain += piece
            continue
        sign = marked[:1] if marked[:1] in "!=" else ""
        marked = marked.removeprefix(sign)
        marks.append(Mark(len(plain), len(plain) + len(marked), sign))
        plain += marked + rest
    return plain, marks
