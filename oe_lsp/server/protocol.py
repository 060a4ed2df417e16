"""How oe-lsp differs from plain LSP: the names of its commands and custom messages, and how those become JSON.

A server's start waits for this module; what the messages hold is in messages.py, which it does not wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, default_converter

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
    """A result that is made of nothing but what JSON has."""

    value: Any


class Protocol(LanguageServerProtocol):
    """The protocol with the custom requests in it, and results that were made plain by whoever answers."""

    def plain(self, result: Any) -> Plain:
        """What a result is in JSON. For a thread: of a large document it takes longer than the loop may be held."""
        return Plain(self._converter.unstructure(result))

    def _send_response(self, msg_id: int | str, result: Any = None, error: Any = None) -> None:
        if error is None and isinstance(result, Plain):
            self._result_types.pop(msg_id, None)
            self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "result": result.value})
        else:
            super()._send_response(msg_id, result, error)

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
    return getattr(cls, "__module__", None) == "oe_lsp.server.messages"


def _writer_of(cls: type[Any], using: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    overrides: dict[str, Any] = {
        field.name: override(rename=camel_case(field.name), omit_if_default=True) for field in attrs.fields(cls)
    }
    return make_dict_unstructure_fn(cls, using, **overrides)


def camel_case(name: str) -> str:
    """A name of Python as a name of JSON."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
