"""Names invisible and look-alike characters in the messages of problems, by code point.

Otherwise a problem would complain about a word that looks right on the screen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from engine.experience.problems import Code, Problem, Severity

_MAX_INSPECTED = 200
_MAX_NAMED = 3
_WITHOUT_NAME = {"\x85": "next line", "\u2028": "line separator", "\u2029": "paragraph separator"}
_LOOK_ALIKES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\uff07", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\uff02", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u0430\u03b1", "a"),
    **dict.fromkeys("\u0435", "e"),
    **dict.fromkeys("\u043e\u03bf", "o"),
    **dict.fromkeys("\u0440\u03c1", "p"),
    **dict.fromkeys("\u0441\u03f2", "c"),
    **dict.fromkeys("\u0443", "y"),
    **dict.fromkeys("\u0445", "x"),
    **dict.fromkeys("\u0456\u03b9\u0131", "i"),
    **dict.fromkeys("\u0458", "j"),
    **dict.fromkeys("\u0455", "s"),
    **dict.fromkeys("\u0501", "d"),
    **dict.fromkeys("\u04bb", "h"),
    **dict.fromkeys("\u0442\u03c4", "t"),
    **dict.fromkeys("\u043a\u03ba", "k"),
    **dict.fromkeys("\u043c", "m"),
    **dict.fromkeys("\u043d", "H"),
    **dict.fromkeys("\u0410\u0391", "A"),
    **dict.fromkeys("\u0412\u0392", "B"),
    **dict.fromkeys("\u0421", "C"),
    **dict.fromkeys("\u0415\u0395", "E"),
    **dict.fromkeys("\u041d\u0397", "H"),
    **dict.fromkeys("\u0406\u0399", "I"),
    **dict.fromkeys("\u041a\u039a", "K"),
    **dict.fromkeys("\u041c\u039c", "M"),
    **dict.fromkeys("\u039d", "N"),
    **dict.fromkeys("\u041e\u039f", "O"),
    **dict.fromkeys("\u0420\u03a1", "P"),
    **dict.fromkeys("\u0405", "S"),
    **dict.fromkeys("\u0422\u03a4", "T"),
    **dict.fromkeys("\u0425\u03a7", "X"),
    **dict.fromkeys("\u03a5", "Y"),
    **dict.fromkeys("\u0396", "Z"),
}
"""ASCII look-alikes. Full-width forms and spaces are recognised by their properties."""


def with_characters_named(problems: Iterable[Problem], text: str) -> list[Problem]:
    """The problems, with unusual characters in their text named at the end of the message."""
    if text.isascii():
        return list(problems)
    return [_with_characters_named(problem, text) for problem in problems]


def _with_characters_named(problem: Problem, text: str) -> Problem:
    if problem.severity is Severity.HINT or problem.code is Code.LITERAL_SECRET:
        return problem
    about = text[problem.span.start : min(problem.span.end, problem.span.start + _MAX_INSPECTED)]
    about = about.partition("\n")[0]
    if about.isascii() and "suggestion" not in problem.data:
        return problem
    found = list(dict.fromkeys(_unusual(about)))
    if problem.code is Code.INVALID_YAML and found:
        message = f"this contains {_listed(found)}, which YAML reads as a letter; replace it"
        return replace(problem, message=message)
    note = _note(found, about, problem.data.get("suggestion"))
    return problem if note is None else replace(problem, message=f"{problem.message.rstrip('.')}; {note}")


def _note(found: list[str], about: str, suggestion: str | None) -> str | None:
    """Names the unusual characters of a text, or of the word that was probably meant if that looks the same."""
    if found:
        return f"it contains {_listed(found)}"
    if suggestion is not None and not suggestion.isascii() and _looks_like(suggestion) == _looks_like(about):
        hidden = list(dict.fromkeys(_unusual(suggestion)))
        if hidden:
            return f"the other contains {_listed(hidden)}"
    return None


def _listed(characters: list[str]) -> str:
    return ", ".join(map(_named, characters[:_MAX_NAMED]))


def _unusual(text: str) -> Iterator[str]:
    """The invisible and look-alike characters of a text, in order."""
    has_latin = any(character.isascii() and character.isalpha() for character in text)
    for at, character in enumerate(text):
        if character.isascii():
            continue
        category = unicodedata.category(character)
        if category in ("Cf", "Zs", "Zl", "Zp", "Cc", "Co"):
            if not (character == "\u200d" and at and ord(text[at - 1]) > 0x2000):  # part of an emoji
                yield character
        elif "\uff01" <= character <= "\uff5e" or (character in _LOOK_ALIKES and not character.isalpha()):
            yield character
        elif category == "Mn":
            if unicodedata.normalize("NFC", text[max(at - 1, 0) : at + 1]) != text[max(at - 1, 0) : at + 1]:
                yield character
        elif character in _LOOK_ALIKES and (has_latin or _is_all_alike(text)):
            yield character


def _is_all_alike(text: str) -> bool:
    """Checks that every letter of a text looks like ASCII: then it is not a word of another language."""
    return all(not character.isalpha() or character in _LOOK_ALIKES or character.isascii() for character in text)


def _looks_like(text: str) -> str:
    """A key that is equal for texts that look alike."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(_LOOK_ALIKES.get(each, each) for each in composed if unicodedata.category(each) != "Cf")


def _named(character: str) -> str:
    name = _WITHOUT_NAME.get(character) or unicodedata.name(character, "a character without a name").lower()
    plain = _ascii_of(character)
    instead = f" instead of {plain}" if plain else ""
    return f"U+{ord(character):04X} ({name}){instead}"


def _ascii_of(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return "a space"
    if "\uff01" <= character <= "\uff5e":
        return f"`{chr(ord(character) - 0xFEE0)}`"
    return f"`{_LOOK_ALIKES[character]}`" if character in _LOOK_ALIKES else ""
