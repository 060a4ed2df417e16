"""What executions received, as a log says it: every value once, and all of them found again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from engine.expressions import Json
from engine.log.events.codec import decode, encode
from engine.log.events.events import Event, Input, NodeCompleted, NodeStarted, Output, Record, RunStarted
from engine.log.values.input_names import InputNames
from engine.log.values.input_values import InputValues, ValueLostError
from engine.log.values.large_values import no_blobs

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
TS = "2026-01-02T03:04:05.678Z"
LONG = "a sentence that is longer than its name in the log would ever be, by far"


class Told:
    """A log in memory: each record goes through its line, as it would on disk."""

    def __init__(self, started: RunStarted | None = None) -> None:
        self._names = InputNames()
        self.lines: list[bytes] = []
        self.tell(started or RunStarted())

    def tell(self, event: Event) -> None:
        self.lines.append(encode(Record(len(self.lines), TS, RUN, event)))
        self._names.learn(len(self.lines) - 1, event)

    def start(self, received: Input) -> Json:
        """Log the start of an execution; the input as it was written."""
        attempt = f"a{len(self.lines)}"
        logged = self._names.named(len(self.lines), received)
        self.tell(NodeStarted(node_id="n", attempt_id=attempt, input=logged))
        return json.loads(self.lines[-1])["input"]

    def returned(self, output: Output) -> None:
        self.tell(
            NodeCompleted(
                node_id="n", attempt_id="x", input_hash="0" * 64, input_parts={}, output=output, duration_ms=1
            )
        )

    def read_back(self, seq: int = -1) -> Input:
        """The input of a line, by the lines alone."""
        records = [record for line in self.lines if (record := decode(line)) is not None]
        event = records[seq].event
        assert isinstance(event, NodeStarted)
        assert event.input is not None
        return InputValues(records, no_blobs).whole(event.input)


def test_a_short_value_stands_where_it_is_used() -> None:
    assert Told().start(Input(args={"city": "Oslo", "limit": 3})) == {"args": {"city": "Oslo", "limit": 3}}


def test_a_value_that_a_node_returned_is_named_and_not_repeated() -> None:
    told, rows = Told(), [LONG, LONG]
    told.returned(Output({"rows": rows}, rows))

    logged = told.start(Input(reads={"rows": rows}))

    assert logged == {"reads": {"rows": {"$at": "1/edgeOutput"}}} or logged == {
        "reads": {"rows": {"$at": "1/stateDelta/rows"}}
    }
    assert told.read_back().reads == {"rows": rows}


def test_the_starting_state_and_the_args_of_the_run_are_named_too() -> None:
    state: Json = {"text": LONG, "n": 1, "m": 2, "o": 3, "p": 4}
    told = Told(RunStarted(args={"goal": LONG}, state={"all": state}))

    assert told.start(Input(reads={"all": state})) == {"reads": {"all": {"$at": "0/state/all"}}}


def test_all_items_name_what_the_first_of_them_received() -> None:
    told, shared = Told(), {"rows": [LONG]}
    told.start(Input(reads=shared, item="a"))

    logged = told.start(Input(reads=shared, item="b"))

    assert logged == {"reads": {"rows": {"$at": "1/reads/rows"}}, "item": "b"}


def test_of_a_list_that_grew_only_what_is_new_is_written() -> None:
    told = Told()
    elements: list[Json] = [{"number": number} for number in range(300)]
    for length in range(1, 301):
        told.start(Input(reads={"found": elements[:length]}))

    assert max(map(len, told.lines)) < 300
    assert told.read_back().reads == {"found": elements}
    assert told.read_back(150).reads == {"found": elements[:150]}


def test_lists_that_grow_side_by_side_do_not_disturb_each_other() -> None:
    told = Told()
    chains: list[list[Json]] = [[{"chain": chain, "number": number} for number in range(50)] for chain in range(3)]
    for length in range(1, 51):
        for chain in chains:
            told.start(Input(reads={"found": chain[:length]}))

    assert max(map(len, told.lines)) < 300
    assert told.read_back().reads == {"found": chains[2]}


def test_of_an_object_that_grew_only_new_keys_are_written() -> None:
    told = Told()
    known: dict[str, Json] = {f"key{number}": number for number in range(20)}
    told.start(Input(reads={"by_id": dict(known)}))

    logged = told.start(Input(reads={"by_id": {**known, "key3": True, "more": 1}}))

    assert logged == {"reads": {"by_id": {"$at": "1/reads/by_id", "more": {"key3": True, "more": 1}}}}
    assert told.read_back().reads == {"by_id": {**known, "key3": True, "more": 1}}


def test_true_is_not_taken_for_one() -> None:
    told = Told()
    told.start(Input(reads={"x": {str(number): 1 for number in range(9)}}))
    told.start(Input(reads={"x": {str(number): number == number for number in range(9)}}))

    assert repr(told.read_back().reads["x"]) == repr({str(number): True for number in range(9)})


@pytest.mark.parametrize("value", [{"$at": "0/state/x"}, {"$at": None}, {"$blob": "sha256:0", "n": [1]}], ids=str)
def test_what_the_user_wrote_is_never_taken_for_a_name(value: dict[str, Json]) -> None:
    told = Told()
    told.returned(Output({"odd": value} if "$at" in value else {}))  # a writer puts the other one into a blob
    told.start(Input(reads={"odd": value}, args={"same": value}))

    assert told.read_back() == Input(reads={"odd": value}, args={"same": value})


def test_an_item_of_null_is_told_from_none() -> None:
    told = Told()

    assert told.start(Input(item=None)) == {"item": None}
    assert told.start(Input()) == {}


def test_a_line_that_was_lost_is_said_to_be() -> None:
    told, rows = Told(), [LONG]
    told.returned(Output({"rows": rows}))
    told.start(Input(reads={"rows": rows}))
    del told.lines[1]

    with pytest.raises(ValueLostError, match="1/stateDelta/rows"):
        told.read_back()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", LONG, "$at"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["$at", "$blob", "a/b", "c"]), inner),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.booleans(), st.dictionaries(st.sampled_from(["x", "a/b", ""]), JSON)), max_size=8))
def test_whatever_was_received_is_read_back(story: list[tuple[bool, dict[str, Json]]]) -> None:
    told, received, last = Told(), {}, {}
    for is_output, new in story:
        # A list that the one before begins with is what a growing field looks like.
        values = {name: _grown(last.get(name), value) for name, value in new.items()}
        if is_output:
            told.returned(Output({name: value for name, value in values.items() if not _is_reference(value)}))
        else:
            received[len(told.lines)] = Input(args=last, reads=values, item=values.get("x"))
            told.start(received[len(told.lines)])
        last = values

    for seq, expected in received.items():
        assert as_json(told.read_back(seq)) == as_json(expected)


def as_json(received: Input) -> str:
    """Tells true from 1; the order of keys means nothing."""
    return json.dumps(to_builtins(received), sort_keys=True)


def _grown(before: Json, value: Json) -> Json:
    return [*before, value] if isinstance(before, list) else value


def _is_reference(value: Json) -> bool:
    """The writer of a log puts these into blobs."""
    return isinstance(value, dict) and "$blob" in value
