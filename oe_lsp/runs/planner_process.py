"""The planner process: reads questions from stdin, a JSON document a line, and writes the answers to stdout.

A process of its own, since planning holds the interpreter for as long as reading the log of a long run takes.
"""

from __future__ import annotations

import logging
from typing import BinaryIO

import msgspec

from oe_lsp.own_packages import put_others_last


def main() -> None:
    """Answer until stdin ends."""
    put_others_last()
    from oe_lsp.protocol_streams import claim_stdio

    serve(*claim_stdio())


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of `questions` with a line. A question that fails is answered with a refusal."""
    from oe_lsp.runs.planning import Planning
    from oe_lsp.runs.planning_messages import PlanAnswer, PlanQuestion

    planning, decode, encode = Planning(), msgspec.json.Decoder(PlanQuestion).decode, msgspec.json.Encoder().encode
    for line in questions:
        question = decode(line)
        try:
            answer = planning.answer(question)
        except Exception as error:  # a bug, or a disk that fails: the next question may well be answered
            logging.getLogger(__name__).exception("no plan of %s", question.experience)
            answer = PlanAnswer(question.id, refusal=f"The plan could not be made: {error!r}")
        answers.write(encode(answer) + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
