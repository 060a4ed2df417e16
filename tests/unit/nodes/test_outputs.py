"""The output of attempts is kept per attempt, up to a limit, without secrets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.events.events import NodeFailed
from engine.log.secrets.masking import Secrets
from engine.log.storage.run_store import RunStore
from engine.log.writing.attempt_outputs import CUT, LIMIT_BYTES, OutputFile, Outputs, output_folder
from engine.nodes.tool import ToolKind
from tests.support.worlds import World
from tests.unit.nodes.conftest import Bench

RUN = "01234567-89ab-cdef-0123-456789abcdef"


def kept(folder: Path, *pieces: bytes, secrets: Secrets | None = None) -> bytes:
    """What is kept of `pieces`."""
    file = OutputFile(folder / "output", "a.log", secrets or Secrets())
    for piece in pieces:
        file.write(piece)
    file.close()
    return (folder / "output" / "a.log").read_bytes()


def test_the_files_of_a_run_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    assert output_folder(RunStore(tmp_path), RUN) == tmp_path / ".openexpertise/output" / RUN
    with pytest.raises(ValueError, match="not a run id"):
        output_folder(RunStore(tmp_path), "../elsewhere")


def test_output_files_are_readable_by_the_user_alone(tmp_path: Path) -> None:
    assert kept(tmp_path, b"one\n", b"two\xff\n") == b"one\ntwo\xff\n"
    assert stat.S_IMODE((tmp_path / "output").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "output/a.log").stat().st_mode) == 0o600


def test_silence_leaves_no_file(tmp_path: Path) -> None:
    with Outputs(tmp_path / "output").of("a", print) as file:
        file.write(b"")

    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_kept() -> None:
    with Outputs().of("a", print) as file:
        file.write(b"text")

    assert file.path is None


def test_ten_megabytes_are_kept_and_then_a_line_that_says_so(tmp_path: Path) -> None:
    text = kept(tmp_path, *(b"x" * 1_000_000 for _ in range(12)))

    assert text == b"x" * LIMIT_BYTES + CUT


def test_exactly_ten_megabytes_are_kept_whole(tmp_path: Path) -> None:
    assert kept(tmp_path, b"x" * LIMIT_BYTES) == b"x" * LIMIT_BYTES


KNOWN = ["sk-ant-secret", "other-secret", 'with "quotes"']
SECRETS = Secrets(KNOWN)


@given(
    st.lists(st.sampled_from(["sk-ant-secret", "other-secret", 'with "quotes"', "sk-ant-", "text", "é\n"])), st.data()
)
def test_secrets_are_masked_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], data: st.DataObject
) -> None:
    text = "".join(words).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    folder = tmp_path_factory.mktemp("kept")
    whole = text
    for secret in KNOWN:
        whole = whole.replace(secret.encode(), b"***")

    masked = kept(folder, b".", *pieces, secrets=SECRETS)

    assert masked == b"." + whole


@pytest.fixture
def full() -> Iterator[int]:
    """A device on which there is never any room."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_a_full_disk_loses_the_output_but_not_the_attempt(
    tmp_path: Path, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.log.writing.attempt_outputs._create", lambda disk, path: os.dup(full))
    warnings: list[str] = []

    with Outputs(tmp_path / "output").of("a", warnings.append) as file:
        file.write(b"text")
        file.write(b"more")

    assert warnings == [f"output cannot be written to {tmp_path}/output/a.log: No space left on device"]


PRINTS = """
import os, sys
def run(i):
    print('one', end='')
    sys.stderr.write('two')
    os.write(1, b'\\xff')
    os.system('echo three')
    return {}
"""
PRINTS_IN_NODE = """
export default () => { console.log('one'); console.error('two'); process.stdout.write('three'); return {}; };
"""


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        ("a.py", PRINTS, {b"one", b"two", b"\xff", b"three\n"}),
        ("a.mjs", PRINTS_IN_NODE, {b"one\n", b"two\n", b"three"}),
    ],
)
async def test_what_a_tool_prints_is_kept_with_its_attempt(
    tmp_path: Path, file: str, source: str, expected: set[bytes]
) -> None:
    bench = Bench(tmp_path, ToolKind(tmp_path, outputs=Outputs(tmp_path / "output")))
    bench.write(file, source)

    for _ in range(2):
        await bench.call(file)
        text = (tmp_path / "output/attempt.log").read_bytes()
        (tmp_path / "output/attempt.log").unlink()

        assert len(text) == sum(map(len, expected))
        assert all(part in text for part in expected)
    await bench.kind.close()


async def test_each_attempt_of_a_run_has_a_file_named_in_the_log(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph(
        """
        - {id: a, kind: tool, impl: ./a.py, on_error: {policy: retry, attempts: 2, base_ms: 0}}
        - {id: quiet, kind: tool, impl: ./quiet.py}
        """
    )
    world.tool("a", "print('trying'); raise ValueError('no')")
    world.tool("quiet", "return {}")

    run = await world.run()

    records = [record.event for record in world.records(run.run_id)]
    attempts = {event.attempt_id for event in records if event.type in ("node.attempt", "node.failed")}
    files = {file.stem: file.read_bytes() for file in output_folder(world.store, run.run_id).iterdir()}
    assert len(attempts) == 2
    assert files.keys() == attempts
    assert all(text.startswith(b"trying\nTraceback") for text in files.values())


@pytest.mark.parametrize("name", ["a.py", "a.mjs"])
async def test_a_huge_error_is_shortened_in_the_log_and_whole_in_the_output(tmp_path: Path, name: str) -> None:
    world = World(tmp_path)
    world.graph(f"- {{id: a, kind: tool, impl: {name}}}")
    world.write("a.py", "def run(given):\n    raise ValueError('begin ' + 'x' * 20_000_000 + ' end')\n")
    world.write("a.mjs", "export default () => { throw new Error('begin ' + 'x'.repeat(200_000) + ' end'); };\n")

    run_id = (await world.run()).run_id

    [failed] = [record.event for record in world.records(run_id) if isinstance(record.event, NodeFailed)]
    message = failed.error.message
    assert "Error: begin xxx" in message[:40]
    assert f"xxx end ({name}:" in message[-30:]
    assert "characters omitted; the output of this attempt has the full text" in message
    assert len(message) < 10_500
    [output] = output_folder(world.store, run_id).iterdir()
    assert output.stat().st_size > 200_000
