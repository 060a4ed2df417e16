"""Anchors can be rolled back, for a piece that turns out to be longer."""

from __future__ import annotations

from engine.syntax.green_tree import Style, make_sequence
from engine.syntax.yaml.reader import Anchors

ONE, OTHER = (make_sequence(text, 0, 2, (), Style.FLOW) for text in ("[]", "[ ]"))


def test_rolling_back_removes_what_was_added_since_the_checkpoint() -> None:
    anchors = Anchors(100)
    anchors.add([("a", ONE)], 10)
    checkpoint = anchors.checkpoint()

    anchors.add([("a", OTHER), ("b", OTHER)], 20)
    anchors.add([("b", ONE), ("a", ONE)], 30)
    anchors.roll_back(checkpoint)

    assert anchors.nodes == {"a": ONE}
    assert anchors.allowance == 90


def test_a_checkpoint_can_be_restored_twice() -> None:
    anchors = Anchors(100)
    checkpoint = anchors.checkpoint()

    for _ in range(2):
        anchors.add([("a", ONE)], 10)
        anchors.roll_back(checkpoint)

    assert (anchors.nodes, anchors.allowance) == ({}, 100)
