"""Placeholders in prompts: what is one, what it inserts, what stays and is reported."""

from __future__ import annotations

import pytest

from engine.expressions import MISSING, UNWRITTEN, Json, Lookup, Missing, Path, Unwritten, parse_template, render
from engine.syntax.spans import Span


def filled(text: str, lookup: Lookup) -> str:
    return render(parse_template(text), lookup).text


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{name}}", "alice"),
        ("{{ name }}", "alice"),
        ("{{\n  name\n}}", "alice"),
        ("{{items}}", "[1,2,3]"),
        ("{{absent}}", "{{absent}}"),
        ("{{$item}}", '{"k":1,"id":"i-1"}'),  # unchanged text in the public engine, as the next two
        ("{{$item.k}}", "1"),
        ("{{items[0]}}", "1"),
        ("{{name.x}}", "{{name.x}}"),
        ("{{ }}", "{{ }}"),
        ("{{ $.name }}", "alice"),
        ("{{ obj.a.b }}", "2"),
        ("{{ $.obj.a }}", '{"b":2}'),
        ("{{ $index }}/{{ $args.x }}/{{ $edges.first }}", "4/from args/[10]"),
        ("{{nul}} {{flag}} {{ratio}} {{s}}.", "null true 0.5 ."),
        ("Dear {{name}}, {{count}} left", "Dear alice, 3 left"),
        ("{{{name}}}", "{alice}"),
        ("{{name}}{{name}}", "alicealice"),
        ("{{ name | upper }}", "{{ name | upper }}"),
        ("{{ items[x] }}", "{{ items[x] }}"),
        ("{{ $env.HOME }}", "{{ $env.HOME }}"),
        ("{ {name} }", "{ {name} }"),
        ("{{name}", "{{name}"),
        ('{"a":{"b":{}}}', '{"a":{"b":{}}}'),
    ],
)
def test_a_template_renders_to(text: str, rendered: str, lookup: Lookup) -> None:
    assert filled(text, lookup) == rendered


@pytest.mark.parametrize(
    ("value", "inserted"),
    [
        (1.0, "1"),
        ([1.0, {"x": -0.0}], '[1,{"x":0}]'),
        (1.5, "1.5"),
        (1e20, "100000000000000000000"),
        ("naïve \U0001f600", "naïve \U0001f600"),
        (["naïve"], '["naïve"]'),
        ("{{ name }}", "{{ name }}"),
    ],
)
def test_values_are_inserted_as_javascript_writes_them_and_not_searched_again(value: Json, inserted: str) -> None:
    assert filled("{{ x }}", lambda path: value) == inserted


def test_what_nobody_knows_stays_and_is_reported(lookup: Lookup) -> None:
    rendered = render(parse_template("{{name}} {{ absent.x }}"), lookup)

    assert rendered.text == "alice {{ absent.x }}"
    assert [placeholder.text for placeholder in rendered.unknown] == ["{{ absent.x }}"]
    assert rendered.unwritten == ()


def test_a_declared_read_that_was_never_written_inserts_nothing_and_is_reported() -> None:
    def never_written(path: Path) -> Json | Missing | Unwritten:
        return UNWRITTEN if str(path) == "u" else MISSING

    rendered = render(parse_template("[{{u}}] [{{v}}]"), never_written)

    assert rendered.text == "[] [{{v}}]"
    assert [str(placeholder.path) for placeholder in rendered.unwritten] == ["u"]
    assert [str(placeholder.path) for placeholder in rendered.unknown] == ["v"]


def test_a_placeholder_and_its_path_know_where_they_stand() -> None:
    text = "Hi {{ $.user.name }}!"

    (placeholder,) = parse_template(text).placeholders

    assert text[placeholder.span.start : placeholder.span.end] == "{{ $.user.name }}"
    assert placeholder.path.span == Span(6, 17)
    assert [text[step.span.start : step.span.end] for step in placeholder.path.steps] == ["user", "name"]


@pytest.mark.parametrize(
    ("text", "marks", "message"),
    [
        ("a {{ }} b", "  ^^^^^", "empty placeholder is left unchanged; write {{ name }} or {{ $.field }}"),
        ("{{a b}}", "^^^^^^^", "`a b` is not a path and is left unchanged; write {{ name }} or {{ $.field }}"),
        (
            "{{ a | b }}",
            "^^^^^^^^^^^",
            "`a | b` is not a path and is left unchanged; write {{ name }} or {{ $.field }}",
        ),
        ("{{ 0 }}", "^^^^^^^", "`0` is not a path and is left unchanged; write {{ name }} or {{ $.field }}"),
        ("{{ $.a. }}", "^^^^^^^^^^", "placeholder is left unchanged: missing name after the dot; write $.field.name"),
        ("x {{ name \nnext", "  ^^^^^^^", "unclosed placeholder is left unchanged; write {{ name }}"),
        ("{{ name } {{", "^^^^^^^", "unclosed placeholder is left unchanged; write {{ name }}"),
    ],
)
def test_text_that_only_looks_like_a_placeholder_is_reported_at_its_span(text: str, marks: str, message: str) -> None:
    error = parse_template(text).errors[0]

    assert " " * error.span.start + "^" * (error.span.end - error.span.start) == marks
    assert error.message == message


@pytest.mark.parametrize("hostile", ["{" * 200_000, "{{ " * 100_000, "{{" + " " * 200_000, "{{ a" * 50_000 + "}}"])
@pytest.mark.timeout(10)
def test_reading_a_hostile_prompt_takes_time_in_proportion_to_its_length(hostile: str, lookup: Lookup) -> None:
    assert len(filled(hostile, lookup)) > 0
