"""Matches untrusted regular expressions (`pattern`, `patternProperties`) in time linear in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from engine.experience.json_schema.re2_syntax import TooLargeError, UnsupportedSyntaxError, to_re2

if TYPE_CHECKING:
    import re2

_MAX_WORK = 10_000_000_000
"""The limit of the size of a compiled pattern times the length of a text: seconds at worst, usually 10 ms."""

_MAX_SHOWN = 60


class PatternError(ValueError):
    """A pattern cannot be used. The message names it and says why, without a final period."""


class InvalidPatternError(PatternError):
    """A pattern is not a regular expression."""


class UnsupportedPatternError(PatternError):
    """A pattern is a regular expression that RE2, which never backtracks, does not support or finds too large."""


def check_pattern(pattern: str) -> None:
    """Raises PatternError if `pattern` cannot be used."""
    _compiled(pattern, beyond_ascii=False)


def matches(pattern: str, text: str) -> bool:
    """Checks that `pattern` matches somewhere in `text`. Raises PatternError."""
    return find(pattern, text) is not None


def find(pattern: str, text: str) -> tuple[int, int] | None:
    """The span of the first match of `pattern` in `text`, or None. Raises PatternError."""
    is_ascii = text.isascii()
    compiled = _compiled(pattern, beyond_ascii=not is_ascii)
    if compiled.size * len(text) > _MAX_WORK:
        raise UnsupportedPatternError(
            f"the pattern {_shown(pattern)} is too large for a text this long; use fewer repetitions"
        )
    # RE2 takes no lone surrogates: each becomes U+FFFD.
    whole = text if is_ascii else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    found = compiled.expression.search(whole)
    return None if found is None else found.span()


class _Compiled(Struct):
    expression: re2._Regexp
    size: int


_MAX_CACHED = 1_000_000
"""The total size of all cached patterns, in instructions of about 16 bytes."""

_CACHE: dict[tuple[str, bool], _Compiled] = {}


def _compiled(pattern: str, *, beyond_ascii: bool) -> _Compiled:
    known = _CACHE.get((pattern, beyond_ascii))
    if known is not None:
        return known
    made = _compile(pattern, beyond_ascii=beyond_ascii)
    if sum(each.size for each in tuple(_CACHE.values())) + made.size > _MAX_CACHED:
        _CACHE.clear()
    _CACHE[pattern, beyond_ascii] = made
    return made


def _compile(pattern: str, *, beyond_ascii: bool) -> _Compiled:
    # Imported here, since most experiences have no pattern.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        written = to_re2(pattern, beyond_ascii=beyond_ascii).encode("utf-8", "surrogatepass")
        expression = re2.compile(written.decode("utf-8"), options)
        re2.purge()  # its own cache would keep more than ours
    except UnsupportedSyntaxError as error:
        raise UnsupportedPatternError(
            f"the pattern {_shown(pattern)} cannot be matched in linear time: {error}; rewrite it without that"
        ) from None
    except TooLargeError:
        raise UnsupportedPatternError(f"the pattern {_shown(pattern)} is too large; use fewer repetitions") from None
    except (re2.error, UnicodeError) as error:
        raise _refused(pattern, error) from None
    return _Compiled(expression, expression.programsize)


def _refused(pattern: str, error: Exception) -> PatternError:
    reason = error.args[0] if error.args else "it is not valid Unicode"
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else "it contains a lone surrogate"
    if "too large" in words or "repetition size" in words:
        return UnsupportedPatternError(f"the pattern {_shown(pattern)} is too large; use fewer repetitions")
    return InvalidPatternError(f"{_shown(pattern)} is not a valid regular expression: {_shortened(words)}")


def _shown(pattern: str) -> str:
    return f"`{_shortened(pattern)}`"


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
