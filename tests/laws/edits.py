"""Random drafts, and random edits of them: of the YAML, a prompt, code, or the items."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.laws.drafts import VALUES, Draft, Link, Sort, Step

ITEMS = st.lists(st.integers(0, 3), max_size=4).map(tuple)
BROKEN = st.one_of(
    st.just(frozenset[str]()), st.frozensets(st.sampled_from(("n0", "n1", "n2", "n3", "n4")), min_size=1, max_size=2)
)
MORE = 3
"""How many steps may stand beside the list that each draft begins with."""


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A list, and steps that come after one another in any way."""
    steps = [Step("n0", Sort.LIST, items=draw(ITEMS))]
    for number in range(1, draw(st.integers(2, 2 + MORE))):
        steps.append(draw(step_after(tuple(steps), f"n{number}")))
    return Draft(tuple(steps))


@st.composite
def step_after(draw: st.DrawFn, before: tuple[Step, ...], id_: str) -> Step:
    """A step that may build upon those `before`; mostly a fan-out where that is possible."""
    sort = draw(st.sampled_from((Sort.TOOL, Sort.TOOL, Sort.AGENT, Sort.AGENT, Sort.LIST)))
    lists = [step.id for step in before if step.is_list]
    over = draw(st.sampled_from((None, *lists))) if sort is not Sort.LIST else None
    return Step(
        id_,
        sort,
        reads=draw(some(before)),
        links=draw(links(before)),
        join_any=draw(st.booleans()),
        over=over,
        tolerant=over is not None and draw(st.booleans()),
        names_index=over is not None and draw(st.sampled_from((False, False, True))),
        cache=draw(st.sampled_from((True,) * 5 + (False,))),
        items=draw(ITEMS) if sort is Sort.LIST else (),
    )


def some(before: tuple[Step, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """A few of the steps before."""
    return st.lists(st.sampled_from([step.id for step in before]), unique=True, max_size=2).map(tuple)


@st.composite
def links(draw: st.DrawFn, before: tuple[Step, ...]) -> tuple[Link, ...]:
    """A few edges, some with a condition."""
    conditions = st.sampled_from((None, None, 0, VALUES // 2))
    return tuple(Link(from_, draw(conditions)) for from_ in draw(some(before)))


@st.composite
def edit(draw: st.DrawFn, draft: Draft) -> Draft:
    """What somebody made of a draft. Few editions, so that some are come back to."""
    at = draw(st.integers(0, len(draft.steps) - 1))
    step, before = draft.steps[at], draft.steps[:at]
    ways = ["edition", "edition", "edition", "cache_key", "layout", "cache"]
    ways += ["items", "items"] if step.sort is Sort.LIST else []
    ways += ["links", "reads", "join_any"] if before else []
    ways += ["tolerant"] if step.over is not None else []
    way = draw(st.sampled_from(ways))
    few = st.integers(0, 2)
    if way == "layout":
        return replace(draft, layout=draw(few))
    changes = {
        "edition": few,
        "cache_key": few,
        "cache": st.booleans(),
        "tolerant": st.booleans(),
        "items": ITEMS,
        "links": links(before) if before else st.just(()),
        "reads": some(before) if before else st.just(()),
        "join_any": st.booleans(),
    }
    before_it = getattr(step, way)
    return draft.with_step(replace(step, **{way: draw(changes[way].filter(lambda value: value != before_it))}))
