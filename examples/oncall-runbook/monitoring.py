"""Stands in for a monitoring: answers POST /readings with what it measured. `python3 monitoring.py [PORT]`."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

READINGS = [
    {"at": "09:00", "requests": 812, "errors": 3, "p99_ms": 240},
    {"at": "09:05", "requests": 840, "errors": 61, "p99_ms": 2950},
    {"at": "09:10", "requests": 455, "errors": 190, "p99_ms": 3000},
]


class Monitoring(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.headers["Authorization"] not in (None, "Bearer ")
        rows = [{"service": question["service"], **reading} for reading in READINGS]
        body = json.dumps(rows if known else {"error": "who are you?"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8123), Monitoring)
    print(f"http://127.0.0.1:{server.server_port}/readings", flush=True)
    server.serve_forever()
