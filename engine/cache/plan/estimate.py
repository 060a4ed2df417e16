"""Estimates the calls of models and coding agents that a plan leaves to do, and their cost. Pure.

Counted at most: each attempt of `on_error: retry`, the one repair of a structured answer, all iterations of a loop. Not
counted: repetitions of a call that the provider did not answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from engine.cache.plan.pending import Pending, attempts
from engine.cache.plan.plan_entries import total
from engine.experience.model import AgentSpec, CliAgentSpec, ExperienceSpec, SkillSpec
from engine.llm.prices import cost_usd
from engine.llm.providers import Provider
from engine.log.events.events import Sums


class Callee(str, Enum):
    """What is called; the values stand in JSON."""

    MODEL = "model"
    CODING_AGENT = "coding-agent"


class Calls(Struct, frozen=True):
    """The calls of one model or coding agent, at most `most` of them (see Estimate.open).

    `provider` is that of the LLM or of the coding agent, `model` None if the coding agent chooses. `answers_usd` is
    what the answers may cost at most, prompts not included: `max_tokens` at the price of the model, None if that is
    unknown.
    """

    callee: Callee
    provider: str
    model: str | None
    most: int
    answers_usd: float | None

    @property
    def name(self) -> str:
        """The model, or the coding agent and its model."""
        if self.callee is Callee.MODEL:
            return self.model or ""
        return self.provider if self.model is None else f"{self.provider} {self.model}"


class LastTime(Struct, frozen=True):
    """What the same cost before: the last executions of nodes that may run again, or a whole run.

    `executions` of those that may run now are included, of `of` in all; both 0 for a whole run.
    """

    spent: Sums
    executions: int = 0
    of: int = 0


class Estimate(Struct, frozen=True):
    """The calls that may be made. `open` are the nodes, by address, whose number is not known yet: of these, one
    execution is counted for each list, so that there may be more calls.
    """

    calls: tuple[Calls, ...] = ()
    open: tuple[str, ...] = ()
    last: LastTime | None = None

    @property
    def most(self) -> int:
        """The number of calls: at most, or at least if something is open."""
        return sum(calls.most for calls in self.calls)

    @property
    def answers_usd(self) -> float:
        """What all answers with a known price may cost at most, in US dollars."""
        return sum(calls.answers_usd or 0.0 for calls in self.calls)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The models and coding agents without a known price."""
        return tuple(dict.fromkeys(calls.name for calls in self.calls if calls.answers_usd is None))


def estimate(executions: Iterable[Pending], provider: Provider) -> Estimate:
    """The estimate for `executions`; agents and skills ask `provider`."""
    counted: dict[tuple[Callee, str, str | None], tuple[int, float | None]] = {}
    opened: dict[str, None] = {}
    paid: list[Pending] = []
    for each in executions:
        calls = _calls(each, provider)
        if calls is None:
            if each.is_open and isinstance(each.node.spec, ExperienceSpec):
                opened[each.address] = None
            continue
        paid.append(each)
        key = calls.callee, calls.provider, calls.model
        most, usd = counted.get(key, (0, 0.0))
        both = None if usd is None or calls.answers_usd is None else usd + calls.answers_usd
        counted[key] = most + calls.most, both
        if each.is_open:
            opened[each.address] = None
    return Estimate(tuple(Calls(*key, most, usd) for key, (most, usd) in counted.items()), tuple(opened), _last(paid))


def _calls(each: Pending, provider: Provider) -> Calls | None:
    """The calls of one node; None if it makes none."""
    spec, times = each.node.spec, each.most * attempts(each.node.on_error)
    if isinstance(spec, CliAgentSpec):
        return Calls(Callee.CODING_AGENT, spec.provider, spec.model, times, None)
    if not isinstance(spec, (AgentSpec, SkillSpec)):
        return None
    model = provider.model(spec.model)
    most = times if spec.schema is None else times * 2
    each_usd = cost_usd(provider.name, model, 0, spec.max_tokens) if provider.is_priced else None
    return Calls(Callee.MODEL, provider.name, model, most, None if each_usd is None else most * each_usd)


def _last(paid: Iterable[Pending]) -> LastTime | None:
    """What those of `paid` that ever completed cost then; None if none did."""
    spent, executions = [], 0
    for each in paid:
        executions += each.most
        if each.last is not None:
            spent.append(each.last)
    return LastTime(total(spent), len(spent), executions) if spent else None
