"""The pygls protocol with oe-lsp's custom messages, and with answers that are encoded off the event loop.

A start waits for this module, but not for custom_messages.py and the engine.
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
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method

from oe_lsp.server.transport.names import INCOMING_REQUESTS

log = logging.getLogger(__name__)


@attrs.define
class CustomRequest:
    """An incoming custom request. `params` stay JSON: the handler reads them, and can answer wrong ones."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any = None


@attrs.frozen
class JsonText:
    """A result or params, encoded as JSON."""

    text: str


def encode_structs(value: Any) -> JsonText:
    """The JSON of msgspec Structs, in a tenth of the time that attrs classes take."""
    return JsonText(msgspec.json.encode(value).decode())


class ExperienceProtocol(LanguageServerProtocol):
    """Reads custom requests, and sends results and params that are encoded already."""

    def __init__(self, server: Any, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._sending: set[asyncio.Future[None]] = set()

    def encode(self, value: Any) -> JsonText:
        """The JSON of a result or params. For a thread: a large message would block the loop."""
        return value if isinstance(value, JsonText) else JsonText(json.dumps(self._converter.unstructure(value)))

    def notify_encoded(self, method: str, params: JsonText) -> None:
        """Send a notification whose params are encoded already."""
        self._send_text(f'{{"jsonrpc": "{self.VERSION}", "method": {json.dumps(method)}, "params": {params.text}}}')

    def _send_response(self, msg_id: int | str, result: Any = None, error: Any = None) -> None:
        if error is None and isinstance(result, JsonText):
            self._result_types.pop(msg_id, None)
            self._send_text(f'{{"jsonrpc": "{self.VERSION}", "id": {json.dumps(msg_id)}, "result": {result.text}}}')
        else:
            super()._send_response(msg_id, result, error)

    def _send_text(self, body: str) -> None:
        """Like pygls's `_send_data`, for a body that is JSON already."""
        if self.writer is None:
            log.error("cannot send a message: no client is connected")
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
        """Merge the changes into one whole text, for pygls and for our handler, in the order of messages."""
        # Imported here, because it imports the engine's syntax.
        from oe_lsp.server.transport.positions import encoding_of
        from oe_lsp.server.transport.text_changes import apply_changes

        workspace = self.workspace
        document = workspace.get_text_document(params.text_document.uri)
        text = apply_changes(document.source, params.content_changes, encoding_of(workspace.position_encoding))
        whole = types.TextDocumentContentChangeWholeDocument(text)
        yield from super().lsp_text_document__did_change(attrs.evolve(params, content_changes=[whole]))

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> Iterator[Any]:
        """Hand the message to our handler. pygls's own looks for a token that it made, and warns of ours."""
        yield self.fm.features[types.WINDOW_WORK_DONE_PROGRESS_CANCEL], (params,), None

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # pygls has it cached
        """The class that an incoming message of `method` is read into."""
        return CustomRequest if method in INCOMING_REQUESTS else super().get_message_type(method)


def converter() -> cattrs.Converter:
    """pygls's converter, extended to write custom messages: camelCase, absent values left out."""
    made: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    made.register_unstructure_hook_factory(_is_custom, lambda cls: _writer_of(cls, made))
    return made


def _is_custom(cls: Any) -> bool:
    return getattr(cls, "__module__", None) == "oe_lsp.server.transport.custom_messages"


def _writer_of(cls: type[Any], using: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    overrides: dict[str, Any] = {
        field.name: override(rename=camel_case(field.name), omit_if_default=True) for field in attrs.fields(cls)
    }
    return make_dict_unstructure_fn(cls, using, **overrides)


def camel_case(name: str) -> str:
    """A snake_case name in camelCase."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
