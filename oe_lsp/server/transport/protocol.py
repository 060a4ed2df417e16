"""How oe-lsp differs from plain LSP: the names of its commands and custom messages, and how those become JSON.

A server's start waits for this module; what the messages hold is in messages.py, which it does not wait for.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import cattrs
import msgspec
from cattrs.gen import make_dict_unstructure_fn, override
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method

from engine.visible import visible

log = logging.getLogger(__name__)

RUN_EXPERIENCE = "oe.runExperience"
RESUME_RUN = "oe.resumeRun"
CANCEL_RUN = "oe.cancelRun"
INSPECT_RUN = "oe.inspectRun"

RUNS = "oe/runs"
RUN_STATE = "oe/runState"
PLAN = "oe/plan"
EVENT = "oe/event"


class RequestFailedError(JsonRpcException):
    """A request that was understood and could not be done. The message is for the user, and is all that is sent."""

    CODE = -32803
    MESSAGE = "Request Failed"

    def __init__(self, message: str, code: int | None = None, data: Any = None) -> None:
        super().__init__(visible(message), code, data)  # it may name a file, whose name may be any bytes


def progress_token(run_id: str) -> str:
    """The token of a run's work-done progress."""
    return f"oe/run/{run_id}"


@attrs.define
class CustomRequest:
    """An incoming custom request as JSON: its handler reads `params`, so that a wrong one is answered, not dropped."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any = None


@attrs.frozen
class Plain:
    """The JSON of what is sent, ready."""

    text: str


def plain_structs(value: Any) -> Plain:
    """The JSON of msgspec's Structs, which takes a tenth of the time of attrs classes."""
    return Plain(msgspec.json.encode(value).decode())


class Protocol(LanguageServerProtocol):
    """The protocol with the custom requests in it, and results that were made plain by whoever answers."""

    def __init__(self, server: Any, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._sending: set[asyncio.Future[None]] = set()

    def plain(self, value: Any) -> Plain:
        """The JSON of a result or params. For a thread: that of a large document would hold the loop too long."""
        return value if isinstance(value, Plain) else Plain(json.dumps(self._converter.unstructure(value)))

    def notify_plain(self, method: str, params: Plain) -> None:
        """As `notify`, with params that are JSON already."""
        self._send_text(f'{{"jsonrpc": "{self.VERSION}", "method": {json.dumps(method)}, "params": {params.text}}}')

    def _send_response(self, msg_id: int | str, result: Any = None, error: Any = None) -> None:
        if error is None and isinstance(result, Plain):
            self._result_types.pop(msg_id, None)
            self._send_text(f'{{"jsonrpc": "{self.VERSION}", "id": {json.dumps(msg_id)}, "result": {result.text}}}')
        else:
            super()._send_response(msg_id, result, error)

    def _send_text(self, body: str) -> None:
        """As pygls's `_send_data`, which would make JSON of it once more."""
        if self.writer is None:
            log.error("nobody is there to send a message to")
            return
        content = body.encode(self.CHARSET)
        header = f"Content-Length: {len(content)}\r\nContent-Type: {self.CONTENT_TYPE}; charset={self.CHARSET}\r\n\r\n"
        sent = self.writer.write(header.encode(self.CHARSET) + content if self._include_headers else content)
        if inspect.isawaitable(sent):
            sending = asyncio.ensure_future(sent)
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Iterator[Any]:
        """As pygls's, to which the changes are told as the one whole text that they make. In the order of messages."""
        # Imported here, because it brings the engine's syntax along.
        from oe_lsp.server.transport.text_changes import changed, encoding_of

        workspace = self.workspace
        document = workspace.get_text_document(params.text_document.uri)
        text = changed(document.source, params.content_changes, encoding_of(workspace.position_encoding))
        whole = types.TextDocumentContentChangeWholeDocument(text)
        yield from super().lsp_text_document__did_change(attrs.evolve(params, content_changes=[whole]))

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # pygls has it cached
        """The class that an incoming message of `method` is read into."""
        return CustomRequest if method in (RUNS, RUN_STATE, PLAN) else super().get_message_type(method)


def converter() -> cattrs.Converter:
    """pygls's converter, which also writes the custom messages: camelCase, absent values left out."""
    made: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    # A factory, so that a message's writer is made when the first one is sent and not while a client waits for a start.
    made.register_unstructure_hook_factory(_is_ours, lambda cls: _writer_of(cls, made))
    return made


def _is_ours(cls: Any) -> bool:
    return getattr(cls, "__module__", None) == "oe_lsp.server.transport.custom_messages"


def _writer_of(cls: type[Any], using: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    overrides: dict[str, Any] = {
        field.name: override(rename=camel_case(field.name), omit_if_default=True) for field in attrs.fields(cls)
    }
    return make_dict_unstructure_fn(cls, using, **overrides)


def camel_case(name: str) -> str:
    """A name of Python as a name of JSON."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
