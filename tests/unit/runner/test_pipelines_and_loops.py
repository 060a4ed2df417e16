"""Whole runs of pipelines and loops with real tools, and their resumes."""

from __future__ import annotations

import pytest

from engine.cache.decisions.decision import Answer
from engine.log.events.events import Counts, NodeCached, NodeCompleted, NodeFailed, NodeStarted, RunStatus
from engine.log.reading.view import NodeStatus, fold
from tests.support.experiences import yaml_graph
from tests.support.worlds import World


@pytest.fixture
def rows(world: World) -> World:
    """load → line (read, then keep, for every row) → report."""
    text = yaml_graph(
        """
        - {id: load, kind: tool, impl: load.py, uses: [rows.txt], writes: [rows]}
        - {id: read, kind: tool, impl: read.py, args: {row: $item}}
        - {id: keep, kind: tool, impl: keep.py, reads: [out], writes: [out]}
        - {id: report, kind: tool, impl: report.py, reads: [out], writes: [text]}
        """,
        "[{from: load, to: line}, {from: line, to: report}]",
        "rows: {type: array}\nout: {type: array, merge: array_append}\ntext: {type: string}",
    )
    world.write(
        "experience.yaml",
        text.replace("graph:\n", "graph:\n  pipelines: [{id: line, items: $.rows, stages: [read, keep]}]\n"),
    )
    world.write("rows.txt", "ash birch cedar")
    world.tool(
        "load",
        """
        from recorder import HERE
        return {"state_delta": {"rows": (HERE / "rows.txt").read_text().split()}}
        """,
    )
    world.tool("read", "return {'edge_output': input['row'].upper()}")
    world.tool("keep", "return {'state_delta': {'out': [input['_edge_inputs']['read'] + input['$pipeline']]}}")
    world.tool("report", "return {'state_delta': {'text': ' '.join(state['out'])}}")
    return world


@pytest.fixture
def refining(world: World) -> World:
    """polishing: polish, until the score is 3; then report."""
    text = yaml_graph(
        """
        - {id: polish, kind: tool, impl: polish.py, reads: [score, said], writes: [score, said]}
        - {id: report, kind: tool, impl: report.py, reads: [said], writes: [text]}
        """,
        "[{from: polishing, to: report}]",
        "score: {type: number, default: 0}\nsaid: {type: array, merge: array_append}\ntext: {type: string}",
    )
    world.write(
        "experience.yaml",
        text.replace(
            "graph:\n", "graph:\n  loops: [{id: polishing, body: polish, until: $.score >= 3, max_iters: 9}]\n"
        ),
    )
    world.tool(
        "polish",
        """
        note(f"at {input['$iter']} of {input['$loop']}")
        return {"state_delta": {"score": state["score"] + 1, "said": [input["$iter"]]}}
        """,
    )
    world.tool("report", "return {'state_delta': {'text': str(state['said'])}}")
    return world


BROKEN_FOR_BIRCH = """
if input["_edge_inputs"]["read"] == "BIRCH":
    raise ValueError("not this one")
return {"state_delta": {"out": [input["_edge_inputs"]["read"] + input["$pipeline"]]}}
"""


async def test_a_pipeline_runs_and_its_log_names_the_stage_and_item(rows: World) -> None:
    ended = await rows.run()

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state["text"] == "ASHline BIRCHline CEDARline"
    events = [record.event for record in rows.records(ended.run_id)]
    whole = [event for event in events if getattr(event, "node_id", "") == "line"]
    assert [event.type for event in whole] == ["node.started", "node.completed"]
    assert isinstance(whole[0], NodeStarted)
    assert isinstance(whole[1], NodeCompleted)
    assert (whole[0].items, whole[1].counts, whole[1].output) == (6, Counts(completed=6), None)
    stages = {(event.node_id, event.scope[0].item.index) for event in events if getattr(event, "scope", ())}  # type: ignore[union-attr]
    assert stages == {(stage, index) for stage in ("read", "keep") for index in range(3)}


async def test_people_see_a_pipeline_and_its_progress_not_its_stages(rows: World) -> None:
    ended = await rows.run()

    view = fold(rows.records(ended.run_id))

    assert list(view.nodes) == ["load", "line", "report"]
    assert (view.nodes["line"].items, view.nodes["line"].items_ended) == (6, 6)
    assert ended.finished.counts == Counts(completed=3)


async def test_a_mended_stage_runs_for_every_item_and_the_stages_before_it_for_none(rows: World) -> None:
    rows.tool("keep", BROKEN_FOR_BIRCH)
    failed = await rows.run()
    events = [record.event for record in rows.records(failed.run_id)]
    error = next(event.error for event in events if isinstance(event, NodeFailed) and event.node_id == "line")
    assert failed.finished.reason == "failed at line"
    assert error.message.startswith("1 of 3 items failed; item 1: ValueError: not this one")
    rows.tool("keep", BROKEN_FOR_BIRCH.replace("raise ValueError", "str"))
    rows.executed()

    resumed = await rows.resume(failed.run_id)

    assert sorted(rows.executed()) == ["keep:ash", "keep:birch", "keep:cedar", "report"]
    assert resumed.final_state["text"] == "ASHline BIRCHline CEDARline"


async def test_an_item_that_failed_for_an_outside_cause_goes_on_where_it_stopped(rows: World) -> None:
    rows.tool(
        "keep",
        """
        from recorder import HERE
        if item == "birch" and not (HERE / "ready").exists():
            raise ValueError("not ready")
        return {"state_delta": {"out": [item]}}
        """,
    )
    failed = await rows.run()
    (rows.folder / "ready").touch()
    rows.executed()
    planned = rows.plan(failed.run_id)

    resumed = await rows.resume(failed.run_id)

    assert rows.executed() == ["keep:birch", "report"]
    assert resumed.final_state["out"] == ["ash", "birch", "cedar"]
    line = next(entry for entry in planned.entries if entry.node_id == "line")
    assert (line.answer, line.reasons) == (Answer.WILL_RUN, ("1 of 3 items",))
    assert [item.answer for item in line.items] == [Answer.RESTORED, Answer.WILL_RUN, Answer.RESTORED]
    assert line.items[1].reasons[0].startswith("keep: failed in the original run: ValueError: not ready")


async def test_items_of_a_pipeline_are_found_by_their_value_wherever_they_stand(rows: World) -> None:
    done = await rows.run()
    rows.write("rows.txt", "yew cedar ash birch")
    rows.executed()

    resumed = await rows.resume(done.run_id)

    assert rows.executed() == ["load", "read:yew", "keep:yew", "report"]
    assert resumed.final_state["text"] == "YEWline CEDARline ASHline BIRCHline"


async def test_resuming_a_pipeline_that_succeeded_restores_it_whole(rows: World) -> None:
    done = await rows.run()
    rows.executed()
    planned = rows.plan(done.run_id)

    resumed = await rows.resume(done.run_id)

    assert rows.executed() == []
    assert {entry.answer for entry in planned.entries} == {Answer.RESTORED}
    assert resumed.final_state == done.final_state
    assert resumed.finished.counts == Counts(cached=3)
    assert fold(rows.records(resumed.run_id)).nodes["line"].effective_status() is NodeStatus.CACHED


async def test_a_loop_runs_until_its_condition_holds(refining: World) -> None:
    ended = await refining.run()

    assert ended.final_state == {"score": 3, "said": [0, 1, 2], "text": "[0, 1, 2]"}
    assert refining.executed() == [
        *["polish", "at 0 of polishing", "polish", "at 1 of polishing", "polish", "at 2 of polishing"],
        "report",
    ]
    iterations = [
        record.event.scope[0].iteration
        for record in refining.records(ended.run_id)
        if isinstance(record.event, NodeCompleted) and record.event.node_id == "polish"
    ]
    assert iterations == [0, 1, 2]
    assert fold(refining.records(ended.run_id)).nodes["polishing"].items == 3


async def test_a_resume_goes_on_at_the_iteration_that_failed(refining: World) -> None:
    body = """
    from recorder import HERE
    if input["$iter"] == 2 and not (HERE / "ready").exists():
        raise ValueError("not ready")
    return {"state_delta": {"score": state["score"] + 1, "said": [input["$iter"]]}}
    """
    refining.tool("polish", body)
    failed = await refining.run()
    (refining.folder / "ready").touch()
    refining.executed()
    planned = refining.plan(failed.run_id)

    resumed = await refining.resume(failed.run_id)

    assert refining.executed() == ["polish", "report"]
    assert refining.restored(resumed.run_id) == ["polish", "polish"]
    assert resumed.final_state["said"] == [0, 1, 2]
    entry = planned.entries[0]
    assert (entry.node_id, entry.answer) == ("polishing", Answer.WILL_RUN)
    assert entry.reasons[0].startswith("iteration 2: failed in the original run: ValueError: not ready")
    assert [item.index for item in entry.items] == [0, 1, 2]


async def test_a_loop_whose_body_changed_is_planned_from_its_first_iteration(refining: World) -> None:
    done = await refining.run()
    refining.tool("polish", "return {'state_delta': {'score': state['score'] + 2, 'said': [0]}}")
    refining.executed()

    planned = refining.plan(done.run_id)
    resumed = await refining.resume(done.run_id)

    assert planned.entries[0].reasons == ("iteration 0: impl polish.py changed",)
    assert planned.entries[1].answer is Answer.DEPENDS
    assert resumed.final_state["score"] == 4
    assert refining.executed() == ["polish", "polish", "report"]


async def test_the_places_of_outcomes_survive_a_second_resume(refining: World) -> None:
    first = await refining.run()
    second = await refining.resume(first.run_id)
    refining.store.log(first.run_id).unlink()
    refining.executed()

    third = await refining.resume(second.run_id)

    assert refining.executed() == []
    restored = [record.event for record in refining.records(third.run_id) if isinstance(record.event, NodeCached)]
    assert {event.produced_by.run_id for event in restored} == {first.run_id}
