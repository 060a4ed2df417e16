"""A local server that speaks the wire format of OpenAI's chat completions, with scripted answers.

    with OpenAIApi(text("hello"), status(429, retry_after=0)) as api:
        ...  # OPENAI_BASE_URL=api.base_url

As a program (`python -m tests.standins.openai_api`) it prints its base URL and answers every prompt, until it is ended.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.standins.scripted_api import Answer, Script, ScriptedApi


class OpenAIApi(ScriptedApi):
    """The server."""

    path = "/v1/chat/completions"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"


def completion(
    message: dict[str, Any], finish_reason: str = "stop", tokens: tuple[int, int] | None = (10, 5)
) -> Script:
    """An answer of the model that was asked for; without `tokens` it has no usage, as of some servers."""

    def answer(request: dict[str, Any]) -> Answer:
        body: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": request.get("model"),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", **message},
                    "finish_reason": finish_reason,
                    "logprobs": None,
                }
            ],
        }
        if tokens is not None:
            body["usage"] = {
                "prompt_tokens": tokens[0],
                "completion_tokens": tokens[1],
                "total_tokens": sum(tokens),
            }
        return Answer(200, json.dumps(body).encode())

    return answer


def text(words: str, finish_reason: str = "stop", tokens: tuple[int, int] | None = (10, 5)) -> Script:
    return completion({"content": words}, finish_reason, tokens)


def tool_call(arguments: Any, name: str = "structured_output", tokens: tuple[int, int] = (10, 5)) -> Script:
    """A call of the function; `arguments` that are a text are sent as they are, everything else as JSON."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": written}}
    return completion({"content": None, "tool_calls": [call]}, "tool_calls", tokens)


def refuses(parameter: str, said: str, then: Script) -> Script:
    """A model that does not accept `parameter`, unless it is the tool choice and leaves the choice."""

    def answer(request: dict[str, Any]) -> Answer:
        if request.get(parameter, "auto") != "auto":
            return status(400, said, code="unsupported_parameter")
        return then(request) if callable(then) else then

    return answer


def status(code_: int, said: str = "scripted", code: str | None = None, **headers: object) -> Answer:
    """An error; `retry_after=3` becomes the header `retry-after: 3`."""
    body = {"error": {"message": said, "type": "scripted_error", "param": None, "code": code}}
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Answer(code_, json.dumps(body).encode(), named)


def main() -> None:
    """Answer every prompt with its own length, until the process is ended."""

    def echo(request: dict[str, Any]) -> Answer:
        scripted = text(f"You wrote {len(request['messages'][-1]['content'])} characters.")
        return scripted(request) if callable(scripted) else scripted

    with OpenAIApi(echo) as api:
        print(api.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
