"""`make demo`: the main job from end to end on examples/city-report, without any API key.

Validates, runs (the fourth node fails), shows the plan, mends the cause, resumes by executing the lens that the
language server shows above the file, and prints every event as the server reports it.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

EXAMPLE = Path(__file__).parent.parent / "examples" / "city-report"
SECONDS = 60
SHOWN = ("node.started", "node.cached", "node.completed", "node.failed", "node.skipped", "run.started", "run.finished")


def main() -> None:
    """Run the demo in a copy of the example; exit with 1 where a step does not do what it should."""
    with tempfile.TemporaryDirectory(prefix="oe-demo-") as temporary:
        left_over = shutil.ignore_patterns("out", ".openexpertise")
        folder = Path(shutil.copytree(EXAMPLE, Path(temporary) / "city-report", ignore=left_over))
        (folder / "data" / "normals.csv").unlink(missing_ok=True)
        oe(folder, "validate")
        oe(folder, "run", expected=1)
        oe(folder, "resume", "latest", "--plan")
        headline("cp fixtures/normals.csv data/normals.csv   (the missing file)")
        shutil.copy(folder / "fixtures" / "normals.csv", folder / "data" / "normals.csv")
        headline("the lens above experience.yaml, executed through oe-lsp")
        asyncio.run(resume_through_the_server(folder))
        oe(folder, "runs")


def headline(text: str) -> None:
    """Say what comes next."""
    print(f"\n$ {text}", flush=True)


def oe(folder: Path, *args: str, expected: int = 0) -> None:
    """Call `oe` as a user would."""
    headline(" ".join(("oe", *args)))
    code = subprocess.run([sys.executable, "-m", "engine.cli", *args], cwd=folder, check=False).returncode
    if code != expected:
        sys.exit(f"oe {args[0]} ended with {code}, not {expected}")


class Editor(LanguageClient):
    """An editor reduced to what the demo needs: it prints what the server says, and waits for the end of the run."""

    def __init__(self) -> None:
        super().__init__("demo", "1")
        self.end: asyncio.Future[lsp.ShowMessageParams] = asyncio.get_running_loop().create_future()
        self.out_of_date = asyncio.Event()

        @self.feature("oe/event")
        def on_event(params: Any) -> None:
            print_event(params.event)

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def on_diagnostics(params: lsp.PublishDiagnosticsParams) -> None:
            print(f"  {len(params.diagnostics)} problems in the open file", flush=True)

        @self.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
        def on_lenses(_: None) -> None:
            self.out_of_date.set()

        @self.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
        def on_hints(_: None) -> None:
            pass

        @self.feature(lsp.WINDOW_LOG_MESSAGE)
        def on_log(params: lsp.LogMessageParams) -> None:
            if params.type is lsp.MessageType.Error:
                print(params.message, file=sys.stderr, flush=True)

        @self.feature(lsp.WINDOW_SHOW_MESSAGE)
        def on_message(params: lsp.ShowMessageParams) -> None:
            print(f"  {params.message}", flush=True)
            if not self.end.done():
                self.end.set_result(params)

    async def lens(self, uri: str, *words: str) -> lsp.Command:
        """The command of the first lens with these words in its title, once it is shown."""
        while True:
            self.out_of_date.clear()
            asked = lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri))
            for lens in await self.text_document_code_lens_async(asked) or ():
                if lens.command and all(word in lens.command.title for word in words):
                    return lens.command
            await self.out_of_date.wait()

    async def hints(self, uri: str) -> list[str]:
        """The labels of the inlay hints: how each node went."""
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(1_000, 0))
        hints = await self.text_document_inlay_hint_async(lsp.InlayHintParams(lsp.TextDocumentIdentifier(uri), whole))
        return [str(hint.label) for hint in hints or ()]


def print_event(event: Any) -> None:
    """One line for an event of the run's log, as it arrives from the server."""
    if event.type in SHOWN:
        item = f"[{event.scope[-1].item.index}]" if getattr(event, "scope", None) else ""
        print(f"  {event.type:<16} {getattr(event, 'nodeId', '')}{item}", flush=True)


async def resume_through_the_server(folder: Path) -> None:
    """Open the file, execute the lens that tells the plan, print events until the server says how the run ended."""
    path = folder / "experience.yaml"
    uri = path.as_uri()
    editor = Editor()
    await editor.start_io(sys.executable, "-m", "oe_lsp.server")
    refreshed = lsp.CodeLensWorkspaceClientCapabilities(refresh_support=True)
    await editor.initialize_async(
        lsp.InitializeParams(
            capabilities=lsp.ClientCapabilities(workspace=lsp.WorkspaceClientCapabilities(code_lens=refreshed)),
            root_uri=folder.as_uri(),
            initialization_options={"trusted": True, "oeEvents": True},
        )
    )
    editor.initialized(lsp.InitializedParams())
    document = lsp.TextDocumentItem(uri, "oe-experience", 1, path.read_text(encoding="utf-8"))
    editor.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
    command = await asyncio.wait_for(editor.lens(uri, "Resume run", "restored"), SECONDS)
    print(f"  {command.title}", flush=True)
    await editor.workspace_execute_command_async(lsp.ExecuteCommandParams(command.command, command.arguments))
    end = await asyncio.wait_for(editor.end, SECONDS)
    print("  in the text, a hint at each node: " + ", ".join(await editor.hints(uri)), flush=True)
    await editor.shutdown_async(None)
    editor.exit(None)
    await editor.stop()
    if end.type is not lsp.MessageType.Info:
        sys.exit("the resumed run did not succeed")


if __name__ == "__main__":
    main()
