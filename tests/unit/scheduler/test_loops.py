"""Loops through the pure scheduler (docs/format.md, Pipelines and loops)."""

from __future__ import annotations

from engine.experience.model import Experience
from engine.log.events.events import Counts, ErrorInfo, Output, RunStatus
from engine.scheduler.tasks import Task
from tests.support.experiences import experience, yaml_graph
from tests.unit.scheduler.driving import Behaviour, Drive, fails, writes


def refining(loop: str, body: str = "", after: str = "") -> Experience:
    """first → polishing (a loop of polish) → report; `loop` are keys of the loop, `body` keys of the node."""
    text = yaml_graph(
        f"""
        - {{id: first, kind: tool, impl: a.py, writes: [score]}}
        - {{id: polish, kind: tool, impl: a.py, reads: [score, notes], writes: [score, notes, once]{body}}}
        - {{id: report, kind: tool, impl: a.py, reads: [score, notes]{after}}}
        """,
        "[{from: first, to: polish}, {from: polishing, to: report}]",
        "score: {type: number, default: 0}\nnotes: {type: array, merge: array_append}\nonce: {merge: set_once}\n"
        "parts: {}",
    )
    return experience(text.replace("graph:\n", f"graph:\n  loops: [{{id: polishing, body: polish, {loop}}}]\n"))


def better(task: Task) -> Output:
    """One more point, and a note of the iteration."""
    assert task.inside.loop is not None
    return Output({"score": task.reads["score"] + 1, "notes": [task.inside.loop[1]]}, task.inside.loop[1])  # type: ignore[operator]


POLISH: dict[str, Behaviour] = {"polish": better}


def test_a_loop_runs_its_body_until_the_condition_holds_and_each_time_sees_the_times_before() -> None:
    story = Drive(refining("until: $.score >= 3"), POLISH).run()

    assert story.executed == ["first", "polishing#0.polish", "polishing#1.polish", "polishing#2.polish", "report"]
    assert story.tasks["polishing#2.polish"].reads == {"score": 2, "notes": [0, 1]}
    assert story.tasks["report"].reads == {"score": 3, "notes": [0, 1, 2]}
    assert story.groups["polishing"].counts == Counts(completed=3)
    assert story.status is RunStatus.SUCCESS


def test_the_condition_is_asked_before_the_first_time() -> None:
    story = Drive(refining("until: $.score >= 3"), {**POLISH, "first": writes(score=5)}).run()

    assert story.executed == ["first", "report"]
    assert story.groups["polishing"].counts == Counts()


def test_max_iters_bounds_a_loop_and_is_a_normal_end() -> None:
    story = Drive(refining("max_iters: 2"), POLISH).run()

    assert story.state["notes"] == [0, 1]
    assert story.tasks["report"].edges == {"polishing": 1}
    assert (story.status, story.warnings) == (RunStatus.SUCCESS, [])


def test_a_loop_with_a_condition_alone_ends_after_a_hundred_times_and_says_so() -> None:
    story = Drive(refining("until: $.score < 0"), POLISH).run()

    assert story.state["score"] == 100
    assert story.warnings == ["stopped after 100 iterations: `until` never became true; set max_iters for more"]
    assert story.status is RunStatus.SUCCESS


def test_a_loop_longer_than_the_stack_is_deep_keeps_its_writes() -> None:
    story = Drive(refining("max_iters: 3000"), {"polish": writes(notes=[1])}).run()

    assert len(story.state["notes"]) == 3000  # type: ignore[arg-type]


def test_the_condition_and_the_args_may_name_the_iteration() -> None:
    story = Drive(refining("until: $iter == 2", ", args: {n: $iter, of: $loop}"), POLISH).run()

    assert story.tasks["polishing#1.polish"].args == {"n": 1, "of": "polishing"}
    assert story.state["notes"] == [0, 1]


def test_a_failing_iteration_ends_the_loop_and_what_was_written_before_stays() -> None:
    def fails_third(task: Task) -> Output | ErrorInfo:
        return ErrorInfo("test", "broken") if task.inside.loop == ("polishing", 2) else better(task)

    story = Drive(refining("max_iters: 9"), {"polish": fails_third}).run()

    assert story.groups["polishing"].error == ErrorInfo("test", "iteration 2: broken")
    assert story.groups["polishing"].counts == Counts(completed=2, failed=1)
    assert story.skipped == {"report": "predecessor polishing failed"}
    assert story.state["notes"] == [0, 1]
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at polishing")


def test_a_body_that_says_fail_run_stops_the_run() -> None:
    given = refining("max_iters: 9", ", on_error: {policy: fail_run}")

    story = Drive(given, {"polish": fails()}).run()

    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at polish (on_error: fail_run)")


def test_set_once_holds_across_iterations() -> None:
    story = Drive(refining("max_iters: 3"), {"polish": lambda task: Output({"once": task.inside.loop[1]})}).run()  # type: ignore[index]

    assert story.executed == ["first", "polishing#0.polish", "polishing#1.polish"]
    assert "set_once and already holds 0" in story.failed["polishing#1.polish"]


def test_the_body_may_fan_out() -> None:
    given = refining("max_iters: 2", ", for_each: {source: $.parts, concurrency: 2}")
    first: Behaviour = lambda _: Output({"parts": ["a", "b"], "score": 0})  # noqa: E731

    story = Drive(given, {"first": first, "polish": writes(notes=[1])}, width=2).run()

    assert {"polishing#0.polish[0]", "polishing#0.polish[1]", "polishing#1.polish[1]"} < set(story.executed)
    assert story.tasks["polishing#1.polish[0]"].reads["notes"] == [1, 1]
    assert story.state["notes"] == [1, 1, 1, 1]


def test_an_odd_condition_is_a_warning() -> None:
    story = Drive(refining('until: $.score == "3", max_iters: 1'), POLISH).run()

    assert story.warnings
    assert story.warnings[0].startswith('until: $.score == "3": ')


def test_cancelling_lets_no_further_iteration_begin() -> None:
    story = Drive(refining("max_iters: 9"), POLISH, cancel_after=3).run()

    assert story.executed == ["first", "polishing#0.polish", "polishing#1.polish"]
    assert story.status is RunStatus.CANCELLED
