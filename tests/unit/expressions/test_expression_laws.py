"""Laws that hold for every path, expression and prompt."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.expressions import (
    FUNCTIONS,
    MISSING,
    And,
    Call,
    Compare,
    Expression,
    In,
    Json,
    Literal,
    Missing,
    Not,
    Operator,
    Or,
    Path,
    PathRef,
    Root,
    Step,
    evaluate,
    parse_expression,
    parse_reference,
    parse_template,
    render,
    resolve,
    show,
)
from engine.syntax.spans import Span

NOWHERE = Span(0, 0)
FRAGMENTS = ["$.", "$item", "$", "a", "length", "in", "true", "null", "1", "-", ".", "(", ")", ",", "[", "0", "]", "!",
             "=", "==", "<", "&&", "|", "'", '"', " ", "\n", "{{", "}}", "é", "\U0001f600"]  # fmt: skip

law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no counterexample

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
steps = st.one_of(names, st.integers(0, 10**14)).map(lambda value: Step(value, NOWHERE))
state_paths = st.builds(
    lambda name, rest: Path(Root.STATE, (Step(name, NOWHERE), *rest), NOWHERE), names, st.lists(steps)
)
other_roots = st.sampled_from([root for root in Root if root not in (Root.STATE, Root.BARE)])
other_paths = st.builds(lambda root, rest: Path(root, tuple(rest), NOWHERE), other_roots, st.lists(steps))
paths = st.one_of(state_paths, other_paths)

words = st.text(st.characters(exclude_characters="\"'", exclude_categories=["Cs"]), max_size=5)
numbers = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x % 1)
)
literals = st.one_of(st.booleans(), st.none(), words, numbers).map(lambda value: Literal(value, NOWHERE))


def compounds(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    calls = st.sampled_from(list(FUNCTIONS.values())).flatmap(
        lambda function: st.tuples(*[parts] * len(function.parameters)).map(
            lambda arguments: Call(function.name, arguments, NOWHERE)
        )
    )
    return st.one_of(
        parts.map(lambda part: Not(part, NOWHERE)),
        several.map(lambda operands: And(operands, NOWHERE)),
        several.map(lambda operands: Or(operands, NOWHERE)),
        st.builds(Compare, st.sampled_from(Operator), parts, parts, st.just(NOWHERE)),
        st.builds(In, parts, parts, st.just(NOWHERE)),
        calls,
    )


trees = st.recursive(st.one_of(literals, paths.map(lambda path: PathRef(path, NOWHERE))), compounds, max_leaves=12)
texts = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS)).map("".join))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)


@law
@given(paths)
def test_a_path_reads_back_as_it_is_written(path: Path) -> None:
    assert parse_reference(str(path)) == path


@law
@given(trees)
def test_a_tree_reads_back_as_it_is_shown(tree: Expression) -> None:
    parsed = parse_expression(show(tree))

    assert parsed.errors == ()
    assert parsed.tree == tree
    assert parsed.tree is not None
    assert show(parsed.tree) == show(tree)


@law
@given(texts)
def test_no_text_breaks_the_parser_and_there_is_a_tree_exactly_without_errors(text: str) -> None:
    parsed = parse_expression(text)

    assert (parsed.tree is None) == bool(parsed.errors)
    assert all(0 <= error.span.start <= error.span.end <= len(text) for error in parsed.errors)


@law
@given(texts)
def test_tokens_cover_all_of_a_text_but_its_white_space(text: str) -> None:
    spans = [token.span for token in parse_expression(text).tokens]

    gaps = [text[left.end : right.start] for left, right in pairwise([NOWHERE, *spans])]
    assert "".join(gaps).strip(" \t\r\n") == ""
    assert all(left.end <= right.start for left, right in pairwise(spans))


@law
@given(trees, values)
def test_evaluation_raises_nothing_whatever_the_values(tree: Expression, value: Json) -> None:
    assert isinstance(evaluate(tree, lambda path: value).value, bool)


@law
@given(trees, trees, values)
def test_what_cannot_change_the_outcome_is_never_asked_for(left: Expression, right: Expression, value: Json) -> None:
    never = PathRef(Path(Root.STATE, (Step("never", NOWHERE),), NOWHERE), NOWHERE)
    decided = Or((left, Not(left, NOWHERE), never), NOWHERE)
    refuted = And((right, Not(right, NOWHERE), never), NOWHERE)

    def lookup(path: Path) -> Json | Missing:
        assert path != never.path or path in _paths_in(left, right)
        return value

    assert evaluate(decided, lookup).value is True
    assert evaluate(refuted, lookup).value is False


@law
@given(trees, values)
def test_not_turns_every_outcome_around(tree: Expression, value: Json) -> None:
    plain = evaluate(tree, lambda path: value)
    negated = evaluate(Not(tree, NOWHERE), lambda path: value)

    assert negated.value is not plain.value
    assert negated.warnings == plain.warnings


@law
@given(st.text().filter(lambda text: "{{" not in text))
def test_a_prompt_without_placeholders_is_rendered_unchanged(text: str) -> None:
    rendered = render(parse_template(text), lambda path: "x")

    assert rendered.text == text


@law
@given(texts)
def test_a_prompt_of_which_nothing_is_known_is_rendered_unchanged(text: str) -> None:
    template = parse_template(text)
    rendered = render(template, lambda path: MISSING)

    assert rendered.text == text
    assert rendered.unknown == template.placeholders
    assert all(part.text == text[part.span.start : part.span.end] for part in template.parts)


@law
@given(values)
def test_a_value_without_references_resolves_to_itself(value: Json) -> None:
    without_paths = _without_dollars(value)

    assert repr(resolve(without_paths, lambda path: MISSING).value) == repr(without_paths)


@law
@given(st.one_of(texts, paths.map(str)))
def test_any_text_can_be_escaped(text: str) -> None:
    is_special = resolve(text, lambda path: MISSING).value != text
    escaped = "$" + text if is_special else text

    assert resolve(escaped, lambda path: MISSING).value == text


def _paths_in(*trees: Expression) -> set[Path]:
    return {path for tree in trees for path in parse_expression(show(tree)).paths}


def _without_dollars(value: Json) -> Json:
    if isinstance(value, str):
        return value.replace("$", "")
    if isinstance(value, list):
        return [_without_dollars(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_dollars(item) for key, item in value.items()}
    return value
