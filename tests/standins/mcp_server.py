"""An MCP server over stdio in a few lines of the standard library: starts at once, and misbehaves on demand.

`python mcp_server.py RESOURCES [FAULT]`: RESOURCES is a JSON object from URI to the contents that it gives, and the URI
`env:NAME` gives a variable of its environment. FAULT is `prints` (rubbish on both streams), `dies` (instead of
answering), `hangs` (never answers a read) or `stays` (ignores SIGTERM and the end of its input). It leaves its process
id in the file `server.pid`, and the file `reading` once it was asked for a resource.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main(resources: dict[str, Any], fault: str) -> None:
    Path("server.pid").write_text(str(os.getpid()), encoding="utf-8")
    if fault == "prints":
        print("loading notes…", flush=True)
        print("a warning", file=sys.stderr, flush=True)
    if fault == "dies":
        sys.exit("no notes here")
    if fault == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        if request["method"] == "resources/read":
            Path("reading").touch()
            if fault == "hangs":
                continue
        if "id" in request:
            reply = {"jsonrpc": "2.0", "id": request["id"], **answer(request, resources)}
            print(json.dumps(reply), flush=True)
    while fault == "stays":
        time.sleep(60)


def answer(request: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    if request["method"] == "initialize":
        version = request["params"]["protocolVersion"]
        about = {"name": "notes", "version": "1"}
        return {"result": {"protocolVersion": version, "capabilities": {"resources": {}}, "serverInfo": about}}
    uri = request["params"]["uri"]
    if uri.startswith("env:"):
        text = os.environ.get(uri.removeprefix("env:"), "not set")
        return {"result": {"contents": [{"uri": uri, "text": text}]}}
    if uri in resources:
        return {"result": {"contents": [{"uri": uri, **content} for content in resources[uri]]}}
    token = os.environ.get("NOTES_TOKEN", "none")
    return {"error": {"code": -32002, "message": f"no resource {uri} for token {token}"}}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
