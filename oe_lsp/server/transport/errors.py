"""The error of a valid request that cannot be carried out."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException

from engine.visible import visible


class RequestFailedError(JsonRpcException):
    """Answers a request with its message, which is written for the user (LSP 3.17, ErrorCodes.RequestFailed)."""

    CODE = -32803
    MESSAGE = "Request Failed"

    def __init__(self, message: str, code: int | None = None, data: Any = None) -> None:
        super().__init__(visible(message), code, data)  # it may quote a file name, which may be any bytes
