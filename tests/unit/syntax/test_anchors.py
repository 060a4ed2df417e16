"""What readers know of anchors: they go back where a piece turns out to be longer, and copy nothing to do so."""

from __future__ import annotations

from engine.syntax.green_tree import Style, make_sequence
from engine.syntax.yaml.reader import Anchors

ONE, OTHER = (make_sequence(text, 0, 2, (), Style.FLOW) for text in ("[]", "[ ]"))


def test_going_back_forgets_what_was_added_since_then() -> None:
    anchors = Anchors(100)
    anchors.add([("a", ONE)], 10)
    moment = anchors.moment()

    anchors.add([("a", OTHER), ("b", OTHER)], 20)
    anchors.add([("b", ONE), ("a", ONE)], 30)
    anchors.go_back(moment)

    assert anchors.nodes == {"a": ONE}
    assert anchors.allowance == 90


def test_one_can_go_back_to_the_same_moment_again() -> None:
    anchors = Anchors(100)
    moment = anchors.moment()

    for _ in range(2):
        anchors.add([("a", ONE)], 10)
        anchors.go_back(moment)

    assert (anchors.nodes, anchors.allowance) == ({}, 100)
