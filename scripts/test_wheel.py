"""`make test-wheel`: builds the wheel, installs it into an empty environment, and uses its `oe` and `oe-lsp`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Exit with 1 where a step fails."""
    with tempfile.TemporaryDirectory(prefix="oe-wheel-") as temporary:
        folder = Path(temporary)
        programs = install(build(folder), folder / "venv")
        call(programs / "oe", "--version", cwd=folder)
        call(programs / "oe", "init", "hello", cwd=folder)
        call(programs / "oe", "validate", cwd=folder / "hello")
        call(programs / "oe", "run", cwd=folder / "hello")
        call(programs / "oe", "inspect", "latest", "--html", "run.html", cwd=folder / "hello")
        page = (folder / "hello" / "run.html").read_text(encoding="utf-8")
        if "--completed:" not in page or "window.oePage" not in page:
            sys.exit("the wheel lacks the styles or scripts of a run's page")
        file = folder / "hello" / "experience.yaml"
        text = file.read_text(encoding="utf-8")
        asyncio.run(open_in_an_editor(programs / "oe-lsp", file, text))


def build(folder: Path) -> Path:
    """Build the wheel and return its path."""
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


def install(wheel: Path, environment: Path) -> Path:
    """Install `wheel` with the tested dependencies; return the folder of its programs."""
    call(sys.executable, "-m", "venv", environment, cwd=wheel.parent)
    programs = environment / "bin"
    constraints = ROOT / "constraints.txt"
    call(programs / "pip", "install", "--quiet", "--constraint", constraints, wheel, cwd=wheel.parent)
    return programs


def call(*command: object, cwd: Path) -> None:
    """Run `command` in `cwd`, where nothing of the clone is importable; exit with 1 if it fails."""
    words = [str(word) for word in command]
    print(f"$ {Path(words[0]).name} {' '.join(words[1:])}", flush=True)
    if code := subprocess.run(words, cwd=cwd, check=False).returncode:
        sys.exit(f"{Path(words[0]).name} exited with {code}")


async def open_in_an_editor(server: Path, file: Path, text: str) -> None:
    """Start the installed server, open `file`, and require that it reports no problems."""
    client = LanguageClient("test-wheel", "1")
    reported: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def on_diagnostics(params: lsp.PublishDiagnosticsParams) -> None:
        if not reported.done():
            reported.set_result(len(params.diagnostics))

    await client.start_io(str(server))
    await client.initialize_async(
        lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=file.parent.as_uri())
    )
    client.initialized(lsp.InitializedParams())
    document = lsp.TextDocumentItem(file.as_uri(), "oe-experience", 1, text)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
    problems = await asyncio.wait_for(reported, 60)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    print(f"oe-lsp: {problems} problems in {file.name}", flush=True)
    if problems:
        sys.exit("oe-lsp reported problems in a new experience")


if __name__ == "__main__":
    main()
