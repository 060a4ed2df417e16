"""What can be sent to the client."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from oe_lsp.server.transport.protocol import ExperienceProtocol, JsonText


class Client:
    """Sends messages to the client. All but `encode` run on the event loop."""

    def __init__(self, protocol: ExperienceProtocol) -> None:
        self._protocol = protocol

    def encode(self, value: object) -> JsonText:
        """The JSON of params or of a result. For a thread: a large message would block the loop."""
        return self._protocol.encode(value)

    def notify(self, method: str, params: object) -> None:
        """Send a notification; `params` may be encoded already."""
        if isinstance(params, JsonText):
            self._protocol.notify_encoded(method, params)
        else:
            self._protocol.notify(method, params)

    async def request(self, method: str, params: object = None) -> Any:
        """Send a request and wait for its result. Raises JsonRpcException where the client answers with an error."""
        # Shielded: the answer to a request whose future is cancelled breaks pygls's reader (pygls issue 621).
        return await asyncio.shield(self._protocol.send_request_async(method, params))

    def refresh(self, method: str) -> None:
        """Send a refresh request without waiting for its answer."""
        self._protocol.send_request(method)

    async def register(self, id_: str, method: str, options: object) -> None:
        """Register for `method` dynamically. Raises JsonRpcException where the client refuses."""
        registration = types.Registration(id_, method, options)
        await self.request(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration]))

    def show(self, kind: types.MessageType, text: str) -> None:
        """Show a message to the user."""
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(kind, text))

    def log(self, kind: types.MessageType, text: str) -> None:
        """Write to the log that the editor keeps of this server."""
        self.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(kind, text))
