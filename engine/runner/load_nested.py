"""Composes a loaded experience with those nested in it.

A nested experience that is missing or has errors is looked for again when its node starts: an earlier node may have
created or corrected it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.experience.analyse import Analysis, NestedAnalysis
from engine.experience.checks.schema_refs import UnusableSchemaError, with_local_schemas
from engine.experience.files.port import Files
from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load,
    problem_line,
)
from engine.experience.model import Experience, ExperienceSpec, Node
from engine.experience.nested.nested_files import MAX_DEPTH, nested_path
from engine.log.events.events import ErrorInfo
from engine.nodes.node_files import named_file
from engine.runner.secrets import FoundSecrets
from engine.scheduler.composition import Composition, Nesting, compose, is_shared, shared_fields


class NotComposableError(Exception):
    """A file of the experience changed while it was read. The message is for the user."""


def compose_loaded(loaded: Loaded) -> Composition:
    """Compose `loaded` with all nested experiences that can run, at any depth. Raises NotComposableError."""
    return _outermost(loaded, ())


def find_nested(outer: Composition, node: Node) -> Composition | ErrorInfo:
    """The experience that a node of `outer` nests, as it is on disk now; or why it cannot run, for the user."""
    assert isinstance(node.spec, ExperienceSpec)
    file = named_file(Path(outer.home), node.spec.impl)
    try:
        loaded = load(file.path)
        composed = _outermost(loaded, (*outer.nested_by, Nesting(outer.path, outer.home, node)))
    except ExperienceNotFoundError as error:
        return _failed(f"{node.id} nests {file.shown}, but {error}. Create it or correct `impl`.")
    except UnreadableExperienceError as error:
        return _failed(f"{node.id} nests {file.shown}, but {error}.")
    except InvalidExperienceError as error:
        return _failed(_has_errors(node, file.shown, error))
    except NotComposableError as error:
        return _failed(str(error))
    if any(len(within.nested_by) > MAX_DEPTH for within in composed.walk()):
        deep = f"{node.id} nests experiences more than {MAX_DEPTH} deep, which is the limit"
        return _failed(f"{deep}; merge some of them.")
    different = _different_merge(node, outer.experience, composed.experience)
    return composed if different is None else _failed(different)


class NestedFinder:
    """Finds the nested experiences that were not there when a run began (see engine.scheduler.activity.FindNested).

    Their secrets are added to `secrets`; `warn` takes warnings about them.
    """

    def __init__(self, secrets: FoundSecrets, warn: Callable[[str], None]) -> None:
        self._secrets = secrets
        self._warn = warn
        self._found: dict[tuple[int, str], Composition] = {}

    def __call__(self, outer: Composition, node: Node) -> Composition | ErrorInfo:
        """What `node` of `outer` nests, or why it cannot run. Once found, it is not read again."""
        known = self._found.get((id(outer), node.id))  # `outer` lives as long as the run
        if known is not None:
            return known
        found = find_nested(outer, node)
        if isinstance(found, Composition):
            self._found[id(outer), node.id] = found
            self._secrets.learn(found)
            for warning in (outside_warning(outer, node.id, found), *outside_warnings(found)):
                if warning is not None:
                    self._warn(warning)
        return found


def outside_warning(outer: Composition, node_id: str, inner: Composition) -> str | None:
    """A warning where a nested experience lies outside the folder of the one that nests it (docs/design.md, Trust)."""
    if Path(inner.path).resolve().is_relative_to(Path(outer.home).resolve()):
        return None
    return f"{node_id}: {inner.path} lies outside the experience's folder"


def outside_warnings(composition: Composition) -> list[str]:
    """The warnings of all nested experiences."""
    found = (
        outside_warning(outer, node_id, inner)
        for outer in composition.walk()
        for node_id, inner in outer.nested.items()
    )
    return [warning for warning in found if warning is not None]


def _outermost(loaded: Loaded, around: tuple[Nesting, ...]) -> Composition:
    composer = _Composer(loaded.directory, loaded.files, loaded.analysis.nested)
    try:
        return composer.composed(loaded.experience, loaded.path, loaded.files, around, "")
    except UnusableSchemaError as error:
        raise NotComposableError(f"{loaded.path}: {error}.") from error


class _Composer:
    """Composes what one analysis has read: `nested` are its files, by their paths from `directory`."""

    def __init__(self, directory: Path, files: Files, nested: Mapping[str, NestedAnalysis]) -> None:
        self._directory = directory
        self._files = files
        self._nested = nested

    def composed(
        self, experience: Experience, path: Path, files: Files, around: tuple[Nesting, ...], folder: str
    ) -> Composition:
        """The experience at `path`, in `folder` from the outermost one. Raises UnusableSchemaError."""
        home = str(path.parent)
        nested = {}
        for node in experience.nodes:
            if isinstance(node.spec, ExperienceSpec):
                inner = self._inner(node, node.spec, experience, (*around, Nesting(str(path), home, node)), folder)
                if inner is not None:
                    nested[node.id] = inner
        whole = with_local_schemas(experience, files)
        return compose(whole, str(path), home, nested, around)

    def _inner(
        self, node: Node, spec: ExperienceSpec, outer: Experience, around: tuple[Nesting, ...], folder: str
    ) -> Composition | None:
        path = nested_path(spec.impl, folder, self._files)
        found = self._nested.get(path)
        experience = _that_can_run(found.analysis) if found is not None else None
        if found is None or experience is None or _different_merge(node, outer, experience) is not None:
            return None
        file = Path(self._directory / path)
        try:
            return self.composed(experience, file, found.file.files, around, str(Path(path).parent))
        except UnusableSchemaError:
            return None


def _that_can_run(analysis: Analysis) -> Experience | None:
    return analysis.experience if analysis.ok else None


def _has_errors(node: Node, shown: str, error: InvalidExperienceError) -> str:
    errors = error.analysis.errors
    count = "an error" if len(errors) == 1 else f"{len(errors)} errors, the first"
    first = problem_line(error.path, error.analysis, errors[0]) if errors else str(error)
    return f"{node.id} nests {shown}, which has {count}: {first.rstrip('.')}. `oe validate {shown}` lists them."


def _different_merge(node: Node, outer: Experience, inner: Experience) -> str | None:
    """The error if a shared field has different merges in the two experiences."""
    if not is_shared(node):
        return None
    there: Mapping[str, str] = {field.name: field.merge.value for field in inner.fields}
    here = {field.name: field.merge.value for field in outer.fields}
    for field in shared_fields(outer, inner):
        if here[field] != there[field]:
            return (
                f"{node.id} shares its state, but '{field}' has merge {here[field]} in {outer.name} and "
                f"{there[field]} in {inner.name}. Write the same merge in both."
            )
    return None


def _failed(message: str) -> ErrorInfo:
    return ErrorInfo("experience", message)
