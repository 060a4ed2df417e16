"""A local server that speaks the wire format of Anthropic's Messages API, with scripted answers.

    with MessagesApi(text("hello"), status(429, retry_after=0)) as api:
        ...  # ANTHROPIC_BASE_URL=api.url

Answers are given in order; the last one is repeated. `api.requests` and `api.headers` hold what came in.
As a program (`python -m tests.standins.messages_api`) it prints its URL and answers every prompt, until it is ended.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.standins.scripted_api import Answer, Script, ScriptedApi


def message(
    content: list[dict[str, Any]], stop_reason: str, tokens: tuple[int, int] = (10, 5)
) -> Callable[..., Answer]:
    """A message of the model that was asked for."""

    def answer(request: dict[str, Any]) -> Answer:
        body = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": request.get("model"),
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
        }
        return Answer(200, json.dumps(body).encode())

    return answer


def text(words: str, stop_reason: str = "end_turn", tokens: tuple[int, int] = (10, 5)) -> Script:
    return message([{"type": "text", "text": words}], stop_reason, tokens)


def tool_use(given: Any, name: str = "structured_output", tokens: tuple[int, int] = (10, 5)) -> Script:
    return message([{"type": "tool_use", "id": "toolu_1", "name": name, "input": given}], "tool_use", tokens)


def refuses_to_be_forced(then: Script) -> Script:
    """The newer models: a forced tool choice is a bad request."""

    def answer(request: dict[str, Any]) -> Answer:
        if request.get("tool_choice", {}).get("type") == "tool":
            return status(400, "tool_choice forces tool use, which this model does not support")
        return then(request) if callable(then) else then

    return answer


def status(code: int, said: str = "scripted", **headers: object) -> Answer:
    """An error; `retry_after=3` becomes the header `retry-after: 3`."""
    body = {"type": "error", "error": {"type": "scripted_error", "message": said}}
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Answer(code, json.dumps(body).encode(), named)


def rubbish() -> Answer:
    return Answer(200, b'{"id": "msg_1", "content": [')


def no_message() -> Answer:
    return Answer(200, b'{"hello": "world"}')


def cut_off() -> Answer:
    return Answer(200, b'{"id": "msg_1", "content": [', missing=1000)


def hang_up() -> Answer:
    return Answer(None)


class MessagesApi(ScriptedApi):
    """The server."""

    path = "/v1/messages"


def main() -> None:
    """Answer every prompt with its own length, until the process is ended."""

    def echo(request: dict[str, Any]) -> Answer:
        words = f"You wrote {len(request['messages'][-1]['content'])} characters."
        scripted = text(words)
        return scripted(request) if callable(scripted) else scripted

    with MessagesApi(echo) as api:
        print(api.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
