"""The runbook as an MCP server over stdio; a wiki's own server would stand here. It starts in this folder."""

import json
import sys
from pathlib import Path
from typing import Any

CAPABILITIES = {"capabilities": {"resources": {}}, "serverInfo": {"name": "runbooks", "version": "1.0.0"}}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["method"] == "initialize":
        return {"result": {"protocolVersion": request["params"]["protocolVersion"], **CAPABILITIES}}
    if request["method"] == "resources/read":
        text = Path("data/runbook.json").read_text(encoding="utf-8")
        page = {"uri": request["params"]["uri"], "mimeType": "application/json", "text": text}
        return {"result": {"contents": [page]}}
    return {"error": {"code": -32601, "message": f"no {request['method']} here"}}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
