"""Text that YAML drops or changes, invisible characters, and prompts that end like a path."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.checks.prompts import prompt_path
from engine.experience.files.disk import DiskFiles
from engine.experience.problems import Severity
from engine.nodes.prompts import prompt_file

Check = Callable[..., Analysis]

HEAD = """\
name: x
version: 1.0.0
state:
  schema:
    ok: { type: boolean, default: true }
    title: { type: string, default: x }
    caf\N{LATIN SMALL LETTER E WITH ACUTE}: { type: string, default: x }
graph:
  nodes:
"""
NODE = HEAD + "    - id: a\n      kind: agent\n      writes: [title]\n"
END = "  edges: []\n"


def loud(text: str) -> list[str]:
    problems = analyse(text).problems
    return [each.message for each in problems if each.severity in (Severity.ERROR, Severity.WARNING)]


def with_prompt(prompt: str) -> str:
    return f"{NODE}      prompt: {prompt}\n{END}"


def with_key(line: str) -> str:
    return f"{NODE}      prompt: Hi.\n      {line}\n{END}"


def with_condition(when: str) -> str:
    tool = "    - { id: b, kind: tool, impl: ./b.py }\n"
    edges = f"  edges:\n    - from: a\n      to: b\n      when: {when}\n"
    return f"{NODE}      prompt: Hi.\n{tool}{edges}"


NEGATIONS = [
    "!$.ok", "! $.ok", "!($.ok)", "!defined($.ok)", "!!$.ok", "!$.ok && $.title", "! $.ok || !$.ok",
    "!defined($.title) || $.ok",
]  # fmt: skip


@pytest.mark.parametrize("when", NEGATIONS)
@pytest.mark.parametrize("flow", [False, True])
def test_a_negation_that_yaml_takes_for_a_tag_is_an_error_that_says_quote_it(when: str, flow: bool) -> None:
    text = with_condition(when)
    if flow:
        text = text.partition("  edges:")[0] + f"  edges: [{{ from: a, to: b, when: {when} }}]\n"

    (error,) = analyse(text).errors

    assert error.code.value == "OE101"
    assert "! begins a YAML tag" in error.message
    assert "put quotes around the whole text" in error.message
    assert "remove" not in error.message


@pytest.mark.parametrize("when", NEGATIONS)
def test_the_same_negation_in_quotes_is_valid(when: str) -> None:
    assert loud(with_condition(f"'{when}'")) == [] or "!!" in when


@pytest.mark.parametrize("key", ["until", "prompt", "list"])
def test_a_tag_is_reported_in_every_text(key: str) -> None:
    loops = "  loops:\n    - id: l\n      body: a\n      until: !$.ok\n"
    texts = {
        "until": NODE + "      prompt: Hi.\n" + END + loops,
        "prompt": with_prompt("!important Read this."),
        "list": with_key("args:\n        all:\n          - !urgent now"),
    }

    assert any("put quotes around the whole text: '!" in message for message in loud(texts[key]))


@pytest.mark.parametrize("value", ["! 12", "!!str yes", "! true"])
def test_a_tag_that_makes_a_text_of_a_number_is_left_alone(value: str) -> None:
    assert loud(with_key(f"args: {{ n: {value} }}")) == []


def test_text_that_becomes_a_comment_is_marked(check_marked: Check) -> None:
    check_marked(
        HEAD
        + """\
    - id: a
      kind: agent
      prompt: Read issue #12 and say what it asks for.
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning OE109 put quotes around the whole text
      description: All of #general
                          ^^^^^^^^ warning OE109
      system: Never use the # sign
                            ^^^^^^ warning OE109
      writes: [title]
      args:
        issue: Issue #12
                     ^^^ warning OE109
        channel: #general
                 ^^^^^^^^ warning OE109 this is a comment, so the value is empty
        last: 1
  edges: []
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        with_prompt("./prompts/ask.md # the question"),
        with_prompt("./prompts/ask.md #the question"),
        with_prompt("Say hello.  # short, since it is shown"),
        with_prompt("Say hello. # short"),
        with_prompt("Say hello to all  # two blanks, as people write comments"),
        with_prompt("'Read issue #12.'"),
        with_prompt('"Read issue #12."  # as they say'),
        with_prompt("|\n        Read issue #12.\n        # A heading\n        Done."),
        with_prompt(">-\n        Read issue #12 now.\n"),
        with_prompt("Hi#there"),
        with_key("reads: [ok] #read first"),
        with_key("args: { n: 1 } #one"),
        with_key("args: #all of them\n        n: 1"),
        with_key("args:\n        n: 5 #five\n        word: fast #and not slow"),
        with_key("phase: one #the first"),
        with_condition("$.ok # fine"),
        with_condition("$.ok #fine"),
        HEAD.replace("name: x", "name: x #12") + NODE.removeprefix(HEAD) + "      prompt: Hi.\n" + END,
        with_prompt("Hi.").replace("kind: agent", "kind: agent # runs tests"),
        with_prompt("Hi.").replace("kind: agent", "kind: agent #runs tests"),
        "# all of it\n#and more\n" + with_prompt("Hi."),
        with_key("args:\n        one: &one a text\n        two: *one"),
        with_condition("$.ok && $.ok"),
    ],
)
def test_a_real_comment_or_anchor_is_not_reported(text: str) -> None:
    assert loud(text) == []


def test_an_anchor_that_was_meant_as_text_is_marked(check_marked: Check) -> None:
    check_marked(
        HEAD
        + """\
    - id: a
      kind: agent
      prompt: &important Read this.
              ^^^^^^^^^^ warning OE109 is an unused anchor, not part of the text
      writes: [title]
  edges: []
"""
    )


@pytest.mark.parametrize("prompt", ["*very* important", "*all* of it", "@all: read", "`x` is it", "%d percent"])
def test_other_reserved_characters_at_the_start_of_a_text_are_reported(prompt: str) -> None:
    assert any("put quotes around" in message for message in loud(with_prompt(prompt)))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (with_key("args:\u00a0{ n: 1 }"), "U+00A0 (no-break space) instead of a space"),
        (with_key("args\uff1a { n: 1 }"), "U+FF1A (fullwidth colon) instead of `:`"),
        (with_key("reads:\n      \u2013 ok"), "U+2013 (en dash) instead of `-`"),
        (with_key("re\u200bads: [ok]"), "U+200B (zero width space)"),
        (with_key("\ufeffreads: [ok]"), "U+FEFF (zero width no-break space)"),
        (with_key("reads: [\u043ek]"), "U+043E (cyrillic small letter o) instead of `o`"),
        (with_key("reads: [cafe\u0301]"), "U+0301 (combining acute accent)"),
        (with_key("reads: [o\u200dk]"), "U+200D (zero width joiner)"),
        (with_key("reads: [ok\u00ad]"), "U+00AD (soft hyphen)"),
        (with_key("reads: [\u202eok]"), "U+202E (right-to-left override)"),
        (with_key("reads: [ok\u2028]"), "U+2028 (line separator)"),
        (with_prompt("Hi.").replace("kind: agent", "kind: \u200bagent"), "U+200B (zero width space)"),
        (with_prompt("Hi.").replace("kind: agent", "kind: \u0430gent"), "U+0430 (cyrillic small letter a)"),
        (with_prompt("Hi.").replace("id: a", "id: a\u200b"), "U+200B (zero width space)"),
        (with_condition("$.title == \u201cx\u201d"), 'U+201C (left double quotation mark) instead of `"`'),
        (with_condition("$.ok\u00a0== true"), "U+00A0 (no-break space)"),
        (with_condition("$.ok").replace("to: b", "to: b\u200b"), "U+200B (zero width space)"),
        (with_prompt("Say {{ti\u200btle}}."), "U+200B (zero width space)"),
    ],
)
def test_an_invisible_character_is_named_in_every_message(text: str, named: str) -> None:
    assert any(named in message for message in loud(text))


def test_a_name_that_is_declared_in_another_way_of_writing_it_says_how(check_marked: Check) -> None:
    text = with_key("reads: [caf\u00e9]").replace("    caf\u00e9:", "    cafe\u0301:")

    (message,) = loud(text)

    assert "did you mean `cafe\u0301`?; the other contains U+0301 (combining acute accent)" in message


@pytest.mark.parametrize("name", ["größe", "имя", "名前", "naïve", "Ωmega"])
def test_names_and_texts_in_other_languages_are_valid(name: str) -> None:
    text = with_key("reads: [nothing, xyz]").replace("xyz", name)

    assert not any("it holds" in message for message in loud(text))


@pytest.mark.parametrize("written", ["007", "01234", "12e5"])
def test_a_number_that_is_written_like_a_text_is_a_hint(written: str) -> None:
    problems = analyse(with_key(f"args: {{ code: {written} }}")).problems

    assert [each.severity.value for each in problems if each.code.value == "OE108"] == ["hint"]
    assert not any(each.code.value == "OE108" for each in analyse(with_key("args: { n: 10, m: 0.5, x: 0 }")).problems)


@pytest.mark.parametrize(
    ("prompt", "is_path"),
    [
        ("Summarise README.md", False),
        ("Summarise docs/README.md and notes.txt", False),
        ("ask.md", True),
        ("./ask.md", True),
        ("prompts/in short.md", True),
        ("/tmp/in short.txt", True),
        ("there it is.md", True),  # since there is such a file
        ("Say hello", False),
        ("Read a.md\nand b.md", False),
    ],
)
def test_a_text_that_ends_like_a_path_is_a_text(tmp_path: Path, prompt: str, is_path: bool) -> None:
    (tmp_path / "there it is.md").write_text("Hi.")

    assert (prompt_path(prompt, DiskFiles(tmp_path)) is not None) is is_path
    assert (prompt_file(tmp_path, prompt) is not None) is is_path


def test_a_note_says_that_the_agent_gets_the_text_and_not_the_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("All of it.")

    problems = analyse(with_prompt("Summarise README.md"), files=DiskFiles(tmp_path)).problems

    (note,) = [each for each in problems if each.code.value == "OE601"]
    assert note.severity is Severity.INFORMATION
    assert "not the content of `README.md`" in note.message


@pytest.mark.parametrize("line", ["k{}: a b #1", "k{}: &x{} y", "k{}: a" + " " * 100 + "b", "k{}: #c"])
def test_checking_for_dropped_text_takes_linear_time(line: str) -> None:
    def seconds(count: int) -> float:
        lines = "".join("        " + line.replace("{}", str(number)) + "\n" for number in range(count))
        text = with_key("args:\n" + lines)
        best = []
        for _ in range(2):
            began = time.process_time()
            analyse(text)
            best.append(time.process_time() - began)
        return min(best)

    assert seconds(600) < 4 * seconds(300) + 0.05
