"""What to say before a run starts: the calls that it may make, and what this machine lacks."""

from __future__ import annotations

from msgspec import Struct

from engine.visible import visible


class StartPreview(Struct, frozen=True, omit_defaults=True):
    """What is known of a run or resume that has not started.

    `calls` says in words how many calls of models and coding agents it may make: at most `most_calls`, or more where
    `has_open_calls`. `needs` names what nodes that may run need and this machine lacks, `missing` says it in lines,
    with the remedies; `stops` is True if the engine refuses to start for that.
    """

    calls: str = ""
    most_calls: int = 0
    has_open_calls: bool = False
    needs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stops: bool = False


def start_question(preview: StartPreview, verb: str, most_unasked: int) -> str | None:
    """What to ask before a `verb`, `run` or `resume`.

    None if nothing is missing and there are at most `most_unasked` calls; and where the engine refuses, with a message
    of its own.
    """
    few = preview.most_calls <= most_unasked and not preview.has_open_calls
    if (few and not preview.missing) or preview.stops:
        return None
    lines = [f"This {verb} may make {preview.calls}"] if preview.calls else []
    if preview.missing:
        lines += ["Missing on this machine, for nodes that may run:", *preview.missing]
    return visible("\n".join(lines))
