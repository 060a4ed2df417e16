"""The regular expressions of strangers (`pattern`, `patternProperties`), matched in time that is linear in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from engine.experience.json_schema.re2_syntax import TooLargeError, UnsupportedSyntaxError, to_re2

if TYPE_CHECKING:
    import re2

_MOST_WORK = 10_000_000_000
"""The size of a compiled pattern times the length of a text: some seconds at worst, and a hundredth of one usually."""

_LONGEST_SHOWN = 60


class PatternError(ValueError):
    """A pattern that cannot be used. The message is a sentence without its end: which one, and why."""


class InvalidPatternError(PatternError):
    """It is no regular expression."""


class UnsupportedPatternError(PatternError):
    """It is a regular expression that the engine, which never backtracks, does not know or finds too large."""


def check_pattern(pattern: str) -> None:
    """Raises PatternError where nothing can be matched against `pattern`."""
    _compiled(pattern, beyond_ascii=False)


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found anywhere in `text`. Raises PatternError."""
    return find(pattern, text) is not None


def find(pattern: str, text: str) -> tuple[int, int] | None:
    """Where `pattern` is first found in `text`. Raises PatternError."""
    is_ascii = text.isascii()
    compiled = _compiled(pattern, beyond_ascii=not is_ascii)
    if compiled.size * len(text) > _MOST_WORK:
        raise UnsupportedPatternError(
            f"the pattern {_shown(pattern)} is too large for a text this long; repeat less in it"
        )
    # A lone surrogate is no text to RE2: it counts as the character that stands for what cannot be shown.
    whole = text if is_ascii else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    found = compiled.expression.search(whole)
    return None if found is None else found.span()


class _Compiled(Struct):
    expression: re2._Regexp
    size: int


_MOST_KEPT = 1_000_000
"""The size of all compiled patterns together: some 16 bytes each."""

_KEPT: dict[tuple[str, bool], _Compiled] = {}


def _compiled(pattern: str, *, beyond_ascii: bool) -> _Compiled:
    known = _KEPT.get((pattern, beyond_ascii))
    if known is not None:
        return known
    made = _compile(pattern, beyond_ascii=beyond_ascii)
    if sum(each.size for each in tuple(_KEPT.values())) + made.size > _MOST_KEPT:
        _KEPT.clear()
    _KEPT[pattern, beyond_ascii] = made
    return made


def _compile(pattern: str, *, beyond_ascii: bool) -> _Compiled:
    # Imported here: most experiences have no pattern.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        written = to_re2(pattern, beyond_ascii=beyond_ascii).encode("utf-8", "surrogatepass")
        expression = re2.compile(written.decode("utf-8"), options)
        re2.purge()  # it would keep more than we do
    except UnsupportedSyntaxError as error:
        raise UnsupportedPatternError(
            f"the pattern {_shown(pattern)} cannot be matched in linear time: {error}; write it without"
        ) from None
    except TooLargeError:
        raise UnsupportedPatternError(f"the pattern {_shown(pattern)} is too large; repeat less in it") from None
    except (re2.error, UnicodeError) as error:
        raise _refused(pattern, error) from None
    return _Compiled(expression, expression.programsize)


def _refused(pattern: str, error: Exception) -> PatternError:
    reason = error.args[0] if error.args else "it is not valid Unicode"
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else "it holds half a character"
    if "too large" in words or "repetition size" in words:
        return UnsupportedPatternError(f"the pattern {_shown(pattern)} is too large; repeat less in it")
    return InvalidPatternError(f"{_shown(pattern)} is no regular expression that oe knows: {_cut(words)}")


def _shown(pattern: str) -> str:
    return f"`{_cut(pattern)}`"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
