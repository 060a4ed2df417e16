"""The typed model of an experience.yaml: data only."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from engine.expressions import Expression, Json


class Kind(str, Enum):
    """The node kinds of the format (docs/format.md)."""

    TOOL = "tool"
    AGENT = "agent"
    SKILL = "skill"
    DATASET = "dataset"
    EXPERIENCE = "experience"
    CLI_AGENT = "cli-agent"


class Merge(str, Enum):
    """How a write to a state field combines with what is there (docs/format.md, State)."""

    LAST_WINS = "last_wins"
    SET_ONCE = "set_once"
    ARRAY_APPEND = "array_append"


class Join(str, Enum):
    """When a node with several incoming edges runs (docs/format.md, Joins and skips)."""

    ALL = "all"
    ANY = "any"


class Policy(str, Enum):
    """The effect of a node's failure on the run (docs/format.md, Failures)."""

    SKIP = "skip"
    FAIL_RUN = "fail_run"
    RETRY = "retry"


class Backoff(str, Enum):
    """The growth of the delay between attempts."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


class OnAmbiguous(str, Enum):
    """What a resume does with a node that was started but whose outcome is not recorded (docs/design.md, Resume)."""

    RERUN = "rerun"
    FAIL = "fail"
    ASK = "ask"


class Effects(str, Enum):
    """The effects of a node outside the run."""

    NONE = "none"
    EXTERNAL = "external"


class ItemErrorPolicy(str, Enum):
    """The effect of a failed item on its fan-out (docs/format.md, Fan-out)."""

    FAIL = "fail"
    CONTINUE = "continue"


class OnError(Struct, frozen=True):
    """`on_error` of a node. `attempts` includes the first one; `base_ms` is in milliseconds."""

    policy: Policy = Policy.SKIP
    attempts: int = 1
    backoff: Backoff = Backoff.LINEAR
    base_ms: int = 100


class ForEach(Struct, frozen=True):
    """`for_each` of a node: `source` is a reference to an array."""

    source: str
    concurrency: int = 1
    on_item_error: ItemErrorPolicy = ItemErrorPolicy.FAIL
    max_items: int | None = None


class ToolSpec(Struct, frozen=True):
    """`impl` is the tool's file, followed by `:function` unless the default is called."""

    impl: str


class AgentSpec(Struct, frozen=True):
    """`prompt` is a path or the prompt itself; `schema` is an inline JSON Schema or a path to one."""

    prompt: str
    model: str | None = None
    schema: Mapping[str, Json] | str | None = None
    max_tokens: int = 4096
    temperature: float | None = None
    system: str | None = None


class SkillSpec(Struct, frozen=True):
    """`impl` is the folder that contains SKILL.md."""

    impl: str
    model: str | None = None
    schema: Mapping[str, Json] | str | None = None
    inputs: Mapping[str, Json] = field(default_factory=dict)
    max_tokens: int = 4096
    temperature: float | None = None
    system: str | None = None


class DatasetSpec(Struct, frozen=True):
    """`source` as written: its `type` determines the other keys."""

    source: Mapping[str, Json]


class ExperienceSpec(Struct, frozen=True):
    """`impl` is the nested experience.yaml; `outputs` maps fields of the outer experience to its fields."""

    impl: str
    state_scope: str = "isolated"
    outputs: Mapping[str, Json] = field(default_factory=dict)


class CliAgentSpec(Struct, frozen=True):
    """A coding agent's command line: `provider` is claude-code, codex or gemini."""

    provider: str
    prompt: str
    model: str | None = None
    workdir: str | None = None
    output_format: str = "text"
    schema: Mapping[str, Json] | str | None = None
    extra_args: tuple[str, ...] = ()


KindSpec = ToolSpec | AgentSpec | SkillSpec | DatasetSpec | ExperienceSpec | CliAgentSpec


class Node(Struct, frozen=True):
    """One node of the graph. `source` is the mapping as written, from which the input hash is made.

    `effects` is None if the kind decides; `produces` are globs of the files that the node makes.
    """

    id: str
    kind: Kind
    spec: KindSpec
    source: Mapping[str, Json]
    phase: str | None = None
    description: str | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    args: Mapping[str, Json] = field(default_factory=dict)
    for_each: ForEach | None = None
    on_error: OnError = OnError()
    join: Join = Join.ALL
    timeout_ms: int = 600_000
    cache: bool = True
    on_ambiguous: OnAmbiguous = OnAmbiguous.RERUN
    effects: Effects | None = None
    produces: tuple[str, ...] = ()


class Edge(Struct, frozen=True):
    """`to` runs after `from_`; `when` is the parsed condition, None without one."""

    from_: str
    to: str
    when: Expression | None = None
    when_text: str | None = None


class Pipeline(Struct, frozen=True):
    """Every item passes every stage in order. `stages` are node ids."""

    id: str
    items: str
    stages: tuple[str, ...]
    phase: str | None = None


class Loop(Struct, frozen=True):
    """`body` runs until `until` is true, at most `max_iters` times, or until its iterations used `budget` tokens."""

    id: str
    body: str
    until: Expression | None = None
    until_text: str | None = None
    max_iters: int | None = None
    budget: int | None = None
    phase: str | None = None


class StateField(Struct, frozen=True):
    """One field of `state.schema`. `schema` is the mapping as written."""

    name: str
    schema: Mapping[str, Json]
    merge: Merge = Merge.LAST_WINS
    persist: bool = False

    @property
    def has_default(self) -> bool:
        """True if a run starts with a value in this field."""
        return "default" in self.schema


class Experience(Struct, frozen=True):
    """A whole experience. `args_schema` is the top-level `args`: a JSON Schema object, or None.

    The numbers are those of `runtime`, its `limits` and its `budget`, None if not given.
    """

    name: str
    version: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    fields: tuple[StateField, ...]
    description: str | None = None
    pipelines: tuple[Pipeline, ...] = ()
    loops: tuple[Loop, ...] = ()
    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    max_duration_ms: int | None = None
    args_schema: Mapping[str, Json] | None = None

    def starting_state(self) -> dict[str, Json]:
        """The state that a run starts from: the defaults of the fields (docs/format.md, State)."""
        return {field.name: field.schema["default"] for field in self.fields if field.has_default}
