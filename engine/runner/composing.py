"""From a loaded experience to the composition that runs: finds, reads and checks the experiences nested in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.core.composition import Composition, compose, is_shared, shared_fields
from engine.nodes.paths import named_file
from engine.runner.local_schemas import UnusableSchemaError, with_local_schemas
from engine.spec.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load,
)
from engine.spec.model import Experience, ExperienceSpec, Node
from engine.spec.nested_files import MAX_DEPTH


class NotComposableError(Exception):
    """A nested experience cannot run. The message is for the user and says which, where, and what to do."""


def compose_loaded(loaded: Loaded) -> Composition:
    """Read all that `loaded` nests, at any depth. Raises NotComposableError."""
    return _composed(loaded.experience, loaded.path, loaded.directory, (loaded.path,))


def outside_warnings(composition: Composition) -> list[str]:
    """One for each nested experience that lies outside the folder of the one that nests it (docs/design.md, Trust)."""
    return [
        f"{node_id}: {inner.path} lies outside the experience's folder"
        for outer in composition.walk()
        for node_id, inner in outer.nested.items()
        if not Path(inner.path).resolve().is_relative_to(Path(outer.home).resolve())
    ]


def _composed(experience: Experience, path: Path, directory: Path, around: tuple[Path, ...]) -> Composition:
    nested = {
        node.id: _nested(node, node.spec, experience, directory, around)
        for node in experience.nodes
        if isinstance(node.spec, ExperienceSpec)
    }
    try:
        experience = with_local_schemas(experience, directory)
    except UnusableSchemaError as error:
        raise NotComposableError(f"{path}: {error}") from error
    return compose(experience, str(path), str(directory), nested)


def _nested(
    node: Node, spec: ExperienceSpec, outer: Experience, directory: Path, around: tuple[Path, ...]
) -> Composition:
    loaded = _load(node, spec, directory, around)
    path = loaded.path.resolve()
    if path in (before.resolve() for before in around):
        circle = " → ".join(str(before) for before in (*around, loaded.path))
        raise NotComposableError(
            f"{node.id} nests an experience in itself: {circle}. Remove one of these nodes; a loop repeats a node."
        )
    if len(around) > MAX_DEPTH:
        raise NotComposableError(
            f"{node.id} in {around[-1]} lies more than {MAX_DEPTH} experiences deep, which is the limit; "
            "bring some of them together."
        )
    composed = _composed(loaded.experience, loaded.path, loaded.directory, (*around, loaded.path))
    if is_shared(node):
        _require_same_merges(node, outer, composed.experience)
    return composed


def _load(node: Node, spec: ExperienceSpec, directory: Path, around: tuple[Path, ...]) -> Loaded:
    file = named_file(directory, spec.impl)
    try:
        return load(file.path)
    except ExperienceNotFoundError as error:
        raise NotComposableError(
            f"{node.id} in {around[-1]} nests {spec.impl}, but {error}. Create it or correct `impl`."
        ) from error
    except InvalidExperienceError as error:
        raise NotComposableError(f"{node.id} in {around[-1]} nests an experience with errors:\n{error}") from error
    except UnreadableExperienceError as error:
        raise NotComposableError(f"{node.id} in {around[-1]}: {error}") from error


def _require_same_merges(node: Node, outer: Experience, inner: Experience) -> None:
    """A field that two experiences share is merged in one way, whichever of them looks at it."""
    there: Mapping[str, str] = {field.name: field.merge.value for field in inner.fields}
    here = {field.name: field.merge.value for field in outer.fields}
    for field in shared_fields(outer, inner):
        if here[field] != there[field]:
            raise NotComposableError(
                f"{node.id} shares its state, but '{field}' has merge {here[field]} in {outer.name} and "
                f"{there[field]} in {inner.name}. Write the same merge in both."
            )
