"""Turns the text of an experience.yaml into a model and its problems, for runs and each key stroke in the editor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.checks.contexts import DocumentContext
from engine.experience.checks.nested_experiences import check_nested
from engine.experience.checks.registry import DOCUMENT_CHECKS
from engine.experience.checks.suppressions import without_suppressed
from engine.experience.checks.yaml.followup_errors import without_followups
from engine.experience.checks.yaml.indentation_mistakes import as_one_mistake, merged_items, without_misread
from engine.experience.files.port import NO_FILES, Files
from engine.experience.graph.shape import Shape, read_shape
from engine.experience.incremental import CheckedGraph, check_graph
from engine.experience.json_schema.schema_errors import problems_of
from engine.experience.model import Experience
from engine.experience.nested.declarations import Declarations
from engine.experience.nested.nested_files import (
    NestedFile,
    nested_path,
    nested_references,
    read_nested,
    read_nested_file,
)
from engine.experience.nested.shared_state import declared_by_impl, declared_by_path
from engine.experience.problems import FILE_CODES, Code, Problem, Related, Severity
from engine.experience.reading.declarations import Places
from engine.experience.reading.parsed_text import ParsedText, parse_text
from engine.experience.reading.parts import Parts
from engine.experience.source.characters import with_characters_named
from engine.syntax import LineIndex, NodeKind, Span, SyntaxCode, SyntaxProblem, Tree

_CODES = {
    SyntaxCode.DUPLICATE_KEY: Code.DUPLICATE_KEY,
    SyntaxCode.SEVERAL_DOCUMENTS: Code.SEVERAL_DOCUMENTS,
    SyntaxCode.TOO_LARGE: Code.LIMIT_EXCEEDED,
    SyntaxCode.TOO_DEEP: Code.LIMIT_EXCEEDED,
    SyntaxCode.ALIAS_EXPANSION: Code.LIMIT_EXCEEDED,
    SyntaxCode.UNKNOWN_ALIAS: Code.UNKNOWN_ALIAS,
    SyntaxCode.RECURSIVE_ALIAS: Code.UNKNOWN_ALIAS,
    SyntaxCode.UNQUOTED_PLACEHOLDER: Code.UNQUOTED_PLACEHOLDER,
}


class Analysis(Struct, frozen=True, dict=True):
    """The model of a text, and its problems.

    `experience` lacks the parts that could not be read, and is None if the top level is not a mapping. `problems` are
    in the order of the text. `shape` and `graph` are what the next analysis starts from; `nested` are the nested
    experiences at any depth, by path from the folder of this one.
    """

    parsed: ParsedText
    experience: Experience | None
    problems: tuple[Problem, ...]
    shape: Shape | None = None
    graph: CheckedGraph | None = None
    nested: Mapping[str, NestedAnalysis] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text that was analysed."""
        return self.parsed.text

    @property
    def tree(self) -> Tree:
        """The syntax tree of the text."""
        return self.parsed.tree

    @property
    def parts(self) -> Parts | None:
        """The parts of the text; None where the top level is not a mapping."""
        return self.parsed.parts

    @property
    def lines(self) -> LineIndex:
        """Offsets to lines and columns, and back."""
        return self.tree.lines

    @cached_property
    def places(self) -> Places:
        """The places of ids, edges and fields in the text."""
        return Places(self.parts)

    def nested_file(self, impl: str, files: Files) -> NestedFile | None:
        """The nested experience that a node's `impl` names; None if it cannot be read.

        It is parsed here only if the analysis does not know it, such as when the node itself cannot be read yet.
        """
        path = nested_path(impl, "", files)
        known = self.nested.get(path)
        return read_nested_file(path, files, known.file if known else None)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the experience from running."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """True if the experience can run."""
        return self.experience is not None and not self.errors


class NestedAnalysis(Struct, frozen=True):
    """A nested file and its analysis; `sees` are the declarations, by `impl`, of the experiences that it nests."""

    file: NestedFile
    sees: Mapping[str, Declarations]
    analysis: Analysis


def analyse(text: str, previous: Analysis | None = None, files: Files = NO_FILES) -> Analysis:
    """Read and check the text of an experience.yaml. Never raises, and has no effects but the reads of `files`.

    Nodes, edges and fields whose text did not change are taken from `previous`, which saves time and does not change
    the result. `files` must give the same answers for as long as it lives.
    """
    before = previous.nested if previous else {}
    parsed = parse_text(text, previous.parsed if previous else None)
    references = nested_references(parsed.parts, "", files)
    nested = read_nested(references, files, {path: each.file for path, each in before.items()})
    by_path = declared_by_path(nested)
    analysis = _check(parsed, files, declared_by_impl(references, by_path), previous)
    if not references:
        return analysis
    inner = {path: _analyse_nested(file, by_path, before.get(path)) for path, file in nested.items()}
    errors = {path: each.analysis.errors for path, each in inner.items()}
    more = without_suppressed(check_nested(references, files.own, nested, errors), text, analysis.lines)
    return replace(analysis, problems=_in_order((*analysis.problems, *more)), nested=inner)


def abandoned(text: str, limit: float) -> Analysis:
    """The analysis of a text that was stopped after `limit` seconds: one warning that says so."""
    message = (
        f"Checking took over {limit:g} s and was stopped, so this file stays unchecked until it changes;"
        " make it smaller or simpler"
    )
    line_end = text.find("\n")
    first_line = Span(0, line_end if line_end >= 0 else len(text))
    problem = Problem(Code.LIMIT_EXCEEDED, Severity.WARNING, message, first_line)
    tree = Tree(text, None, (), LineIndex(text), None)
    return Analysis(ParsedText(text, tree, None), None, (problem,))


def _analyse_nested(
    file: NestedFile, by_path: Mapping[str, Declarations], previous: NestedAnalysis | None
) -> NestedAnalysis:
    sees = declared_by_impl(file.references, by_path)
    if previous is not None and previous.file is file and previous.sees == sees:
        return previous
    return NestedAnalysis(file, sees, _check(file.parsed, file.files, sees, previous.analysis if previous else None))


def _check(parsed: ParsedText, files: Files, nested: Mapping[str, Declarations], previous: Analysis | None) -> Analysis:
    """Check one text; `nested` is what the experiences that it nests declare, by `impl`."""
    text, tree, parts = parsed.text, parsed.tree, parsed.parts
    syntax = [_from_syntax(problem) for problem in tree.problems]
    if tree.root is None or parts is None:
        only = with_characters_named(syntax or [_not_a_mapping(tree)], text)
        return Analysis(parsed, None, _in_order(only))
    shape = read_shape(parts, previous.shape if previous else None)
    broken = [problem.span for problem in syntax if problem.code is not Code.DUPLICATE_KEY]
    graph = check_graph(parts, shape, files, nested, previous.graph if previous else None, readable=not broken)
    document = DocumentContext(parts, shape, tree, tree.root, files)
    found = list(problems_of(parts.shell.flaws, tree.root))
    found += [problem for section in parts.all for problem in section.problems()]
    found += [problem for check in DOCUMENT_CHECKS for problem in check(document)]
    found += graph.items.problems(parts)
    if not any(map(_hides_the_flow, (*syntax, *found))):
        found += graph.problems_of_flow(parts)
    syntax, found = _without_followups(syntax, found, broken, parts, tree)
    found = with_characters_named([*syntax, *found], text)
    problems = _in_order(without_suppressed(found, text, tree.lines))
    return Analysis(parsed, parts.experience(), problems, shape, graph)


def _without_followups(
    syntax: list[Problem], found: list[Problem], broken: list[Span], parts: Parts, tree: Tree
) -> tuple[list[Problem], list[Problem]]:
    """The problems of YAML and the others, without those that only follow from the ones of YAML."""
    if broken:
        found = list(without_followups(found, broken, parts, tree))
    if tree.root is not None and (merged := merged_items(tree.root, syntax)):
        found = list(without_misread(found, merged, tree.root))
        syntax = list(as_one_mistake(merged, tree.root, syntax))
    return syntax, found


def _hides_the_flow(problem: Problem) -> bool:
    """Checks that a problem may distort what reads and writes which field."""
    is_error = problem.severity is Severity.ERROR and problem.code not in FILE_CODES
    return is_error or problem.code is Code.BAD_REFERENCE


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems in the order of the text, with messages in sentence case, whichever room wrote them."""
    shown = map(_in_sentence_case, problems)
    return tuple(sorted(shown, key=lambda problem: (problem.span.start, problem.span.end, problem.code.value)))


def _in_sentence_case(problem: Problem) -> Problem:
    message = problem.message[:1].upper() + problem.message[1:].removesuffix(".")
    return problem if message == problem.message else replace(problem, message=message)


def _from_syntax(problem: SyntaxProblem) -> Problem:
    code = _CODES.get(problem.code, Code.INVALID_YAML)
    related = (Related(problem.related, "See also"),) if problem.related else ()
    return Problem(code, Severity.ERROR, problem.message, problem.span, related)


def _not_a_mapping(tree: Tree) -> Problem:
    root = tree.root
    if root is None or root.kind is NodeKind.NULL:
        message = "the file is empty; start with `name:` and `version:`"
        return Problem(Code.NOT_A_MAPPING, Severity.ERROR, message, Span(0, 0))
    message = "the top level must be a mapping with the keys `name`, `version`, `state` and `graph`"
    return Problem(Code.NOT_A_MAPPING, Severity.ERROR, message, root.span)
