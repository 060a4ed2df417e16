"""What is said before a resume starts (engine/page_server/plan.py)."""

from __future__ import annotations

from engine.cache.decisions.decision import Answer
from engine.cache.plan.estimate import Callee, Calls, Estimate, LastTime
from engine.log.events.counters import Sums
from engine.page_server.plan import PlannedChange, PlannedEntry, ResumePlan, plan_element
from engine.report.drawing.markup import fragment
from engine.runner.launch_options import ResumeOptions
from engine.runner.needs import Need
from engine.runner.preview import Preview

RUN = "4f3a1b2c-1111-4222-8333-444455556666"
ITEMS = tuple(PlannedEntry("review", Answer.WILL_RUN, ("new item",), item=number) for number in range(12))
ENTRIES = (
    PlannedEntry("fetch", Answer.RESTORED),
    PlannedEntry(
        "review", Answer.WILL_RUN, ("args.city changed",), changes=(PlannedChange("args.city", "Bern", "Ost"),)
    ),
    PlannedEntry("review", Answer.WILL_RUN, items=ITEMS),
)
CALLS = Estimate((Calls(Callee.MODEL, "anthropic", "sonnet", 34, 1.5),), (), LastTime(Sums(cost_usd=0.7), 34, 34))


def said(preview: Preview, options: ResumeOptions = ResumeOptions()) -> str:  # noqa: B008 - frozen
    return fragment(plan_element(ResumePlan("0" * 16, ENTRIES, 48_000, Sums(cost_usd=0.12), preview), RUN, options))


def test_it_tells_what_runs_and_why_and_what_it_may_cost() -> None:
    html = said(Preview(estimate=CALLS), ResumeOptions(from_="review"))

    assert "Resume run 4f3a1b2c from review" in html
    assert "1 restored, 2 will run. Restoring saves 48.0 s, $0.1200." in html
    assert "It may make up to 34 model calls (sonnet \N{MULTIPLICATION SIGN}34)." in html
    assert "Last time: $0.7" in html
    assert 'args.city: "Bern" → "Ost"' in html
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more: will run: new item" in html
    assert "Resume, with up to 34 calls" in html


def test_what_the_engine_would_refuse_has_no_button() -> None:
    key = "set ANTHROPIC_API_KEY"
    may = said(Preview((Need("key", "ANTHROPIC_API_KEY", key, ("review",)),)))
    assert "Missing on this machine, for nodes that may run:" in may and f"review: {key}" in may
    assert 'data-action="start"' in may

    refused = said(Preview((Need("key", "ANTHROPIC_API_KEY", key, ("review",), ("review",)),)))
    assert "without which the first nodes cannot run" in refused
    assert 'data-action="start"' not in refused and 'data-action="drop"' in refused


def test_a_node_alone_runs_on_what_it_last_received() -> None:
    plan = ResumePlan(None, (), 0.0, Sums(), Preview())

    html = fragment(plan_element(plan, RUN, ResumeOptions(isolated="<review>")))

    assert "Run only &lt;review&gt;, on what it last received in run 4f3a1b2c" in html
    assert "table" not in html
