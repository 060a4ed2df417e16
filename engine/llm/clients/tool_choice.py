"""What to do with a model that does not let itself be forced to call a tool: it is asked to. Pure."""

from __future__ import annotations

from engine.llm.protocol import LLMRequest


def with_instruction(request: LLMRequest) -> str | None:
    """The system prompt of a request whose tool is left to the model's choice."""
    if request.tool is None:
        return request.system
    instruction = f"Give the answer by calling the tool {request.tool.name}, exactly once, and in no other way."
    return f"{request.system}\n\n{instruction}" if request.system else instruction
