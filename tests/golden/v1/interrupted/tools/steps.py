from pathlib import Path

from notes import note, ready


def make(input):
    note("make")
    Path("made.txt").write_text("made\n")
    return {"state_delta": {"x": 1}}


def stop(input):
    note("stop")
    assert ready(), "not ready"
    return {"state_delta": {"y": 2}}
