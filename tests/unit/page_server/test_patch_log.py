"""What a reader of a page has not seen, however long it was away (engine/page_server/patch_log.py)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.page_server.patch_log import PatchLog

CHANGES = st.lists(st.dictionaries(st.sampled_from("abcd"), st.text("xyz", max_size=2), min_size=1), max_size=8)


@given(CHANGES, st.integers(0, 8))
def test_a_reader_who_comes_back_sees_what_one_who_stayed_sees(changes: list[dict[str, str]], left_after: int) -> None:
    patches, stayed, back = PatchLog(), {}, {}
    position = patches.position
    for number, change in enumerate(changes):
        if number == left_after:
            position, back = patches.position, dict(stayed)
        patches.put(change)
        stayed.update(change)

    missed = patches.since(position)

    back.update(missed.elements if missed is not None else {})
    assert back == stayed
    assert patches.since(patches.position) is None


def test_what_contains_an_older_change_comes_after_it() -> None:
    patches = PatchLog()
    patches.put({"page": "old"})
    patches.put({"part": "new part"})
    patches.put({"page": "page with the new part"})

    missed = patches.since("1-0")

    assert missed is not None
    assert list(missed.elements) == ["part", "page"]


def test_a_reader_of_another_edition_needs_the_whole_page() -> None:
    patches = PatchLog()
    patches.put({"a": "1"})
    before = patches.position
    patches.start_over()

    assert patches.since(before) is None
    assert patches.has_seen_another(before)
    for nonsense in ("", "x", "1", "1-", "-1-2", "9" * 40 + "-1"):
        assert patches.has_seen_another(nonsense)
    assert not patches.has_seen_another(patches.position)
