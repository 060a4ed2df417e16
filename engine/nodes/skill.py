"""The node kind `skill`: a folder with a SKILL.md that instructs a language model (docs/format.md, Skills)."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from engine.experience.model import Node, SkillSpec
from engine.expressions import Json
from engine.llm.protocol import LLMRequest, Message
from engine.llm.service import LLMService
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.file_search import find_files
from engine.nodes.kind import NodeError, Outcome, Watcher, Work
from engine.nodes.llm_request import answer_tool, ask
from engine.nodes.node_files import NamedFile, named_file, outside_warning
from engine.nodes.prompts import MOST_BYTES
from engine.nodes.structured_output import schema_file
from engine.regular_files import read_text
from engine.syntax import parse

FILE_NAME = "SKILL.md"
_FENCE = "---"


class Skill(Struct, frozen=True):
    """A SKILL.md. `name` comes from its front matter, if any; `text` is all that follows."""

    name: str | None
    text: str


class SkillKind:
    """Runs the skills of the experience at `directory`. `llm` is the caller's to close.

    Requests and responses are kept in `outputs`.
    """

    def __init__(self, directory: Path, llm: LLMService, outputs: Outputs | None = None) -> None:
        self._directory = directory
        self._llm = llm
        self._outputs = outputs or Outputs()

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:  # noqa: ARG002
        """Every file in the skill's folder, and the schema's unless it is inline."""
        spec = _spec(node)
        files = {f"skill {file.shown}": file.path for file in _files_of(self._directory, spec.impl)}
        schema = schema_file(self._directory, spec.schema)
        return files if schema is None else {**files, f"schema {schema.shown}": schema.path}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002
        """The provider and the model."""
        provider = self._llm.provider
        return {"provider": provider.name, "model": provider.model(_spec(node).model)}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Asks the model. Raises NodeError, with the metrics of the calls so far."""
        request = self.request(work, watcher)
        with self._outputs.exchange(work.attempt_id, watcher.warning) as exchange:
            return await ask(self._llm, request, work.node, watcher, exchange)

    def request(self, work: Work, watcher: Watcher) -> LLMRequest:
        """See AsksModel."""
        spec = _spec(work.node)
        tool = answer_tool(self._directory, spec.schema, work.node, watcher)
        skill = read_skill(self._directory, spec.impl, watcher)
        watcher.activity(f"using the skill {skill.name or work.node.id}")
        return LLMRequest(
            tool=tool,
            model=self._llm.provider.model(spec.model),
            messages=(Message("user", skill_input(work, skill)),),
            max_tokens=spec.max_tokens,
            system="\n\n".join(text for text in (skill.text, spec.system) if text),
            temperature=spec.temperature,
        )

    async def close(self) -> None:
        """Does nothing: an execution leaves nothing running."""


def read_skill(directory: Path, impl: str, watcher: Watcher) -> Skill:
    """Reads the skill in the folder `impl`. Raises NodeError if there is none.

    Mistakes in its front matter are warnings: only the name counts.
    """
    folder, file = named_file(directory, impl), named_file(directory, f"{impl}/{FILE_NAME}")
    if not folder.inside:
        watcher.warning(outside_warning(folder))
    try:
        content = read_text(file.path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise NodeError("NoSkill", _no_skill(folder), retryable=False) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file.shown} cannot be read as UTF-8 text: {error}"
        raise NodeError("NoSkill", message, retryable=False) from error
    front, text = _split(file.shown, content)
    if not text:
        message = f"{file.shown} has no instructions; write them below its front matter"
        raise NodeError("NoSkill", message, retryable=False)
    tree = parse(front)
    for problem in tree.problems:
        line = 2 + front.count("\n", 0, problem.span.start)
        watcher.warning(f"{file.shown}, line {line}: {problem.message}")
    about = tree.root.value if tree.root is not None else None
    name = about.get("name") if isinstance(about, dict) else None
    return Skill(name if isinstance(name, str) else None, text)


def skill_input(work: Work, skill: Skill) -> str:
    """The message to the model: all that the node receives, as a JSON object, in which later keys win.

    It has `$index` only if the skill or the node names it, so that an item that moved can still be restored.
    """
    given: dict[str, Json] = {**work.reads, **work.edges, **work.args}
    if work.item is not None:
        given["$item"] = work.item.value
        if "$index" in skill.text or "$index" in json.dumps(work.node.source):
            given["$index"] = work.item.index
    if work.pipeline is not None:
        given["$pipeline"] = work.pipeline
    if work.loop is not None:
        given |= {"$iter": work.loop.iteration, "$loop": work.loop.id}
    return json.dumps({**given, **work.given}, indent=2, ensure_ascii=False)


def _files_of(directory: Path, impl: str) -> Iterator[NamedFile]:
    """SKILL.md, even if missing, and every other file in its folder that an author wrote."""
    folder = named_file(directory, impl)
    found = {FILE_NAME: folder.path / FILE_NAME, **find_files(folder.path, (".",), _is_written).all}
    return (
        NamedFile(path, posixpath.normpath(f"{folder.shown}/{name}"), directory) for name, path in sorted(found.items())
    )


def _is_written(name: str) -> bool:
    """Tells whether an author chose this name: neither a cache nor hidden, as files of editors and systems are."""
    return name != "__pycache__" and not name.startswith(".")


def _split(shown: str, content: str) -> tuple[str, str]:
    """Splits a SKILL.md into its front matter, without fences, and the text after it."""
    first, _, rest = content.partition("\n")
    if first.rstrip() != _FENCE:
        return "", content.strip()
    lines = rest.split("\n")
    end = next((number for number, line in enumerate(lines) if line.rstrip() == _FENCE), None)
    if end is None:
        message = f"the front matter of {shown} is not closed; add a line {_FENCE} after it"
        raise NodeError("NoSkill", message, retryable=False)
    return "\n".join(lines[:end]), "\n".join(lines[end + 1 :]).strip()


def _no_skill(folder: NamedFile) -> str:
    if folder.path.is_file():
        parent = Path(folder.shown).parent.as_posix()
        return f"{folder.shown} is a file; `impl` must name the folder of a {FILE_NAME}, such as ./{parent}"
    if not folder.path.is_dir():
        return f"{folder.shown} does not exist; create the folder with a {FILE_NAME} in it, or correct `impl`"
    other = next((path.name for path in folder.path.iterdir() if path.name.lower() == FILE_NAME.lower()), None)
    hint = f"rename {other} to {FILE_NAME}" if other else "create it or correct `impl`"
    return f"{folder.shown} contains no {FILE_NAME}; {hint}"


def _spec(node: Node) -> SkillSpec:
    assert isinstance(node.spec, SkillSpec)
    return node.spec
