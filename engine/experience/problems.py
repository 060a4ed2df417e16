"""The problems of an experience as values: codes, severities, spans. checks/ finds them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from engine.syntax import Span


class Severity(str, Enum):
    """The severity of a problem. Errors, and nothing else, keep a run from starting (docs/format.md, Severities)."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


class Code(str, Enum):
    """Stable codes, each with a page docs/diagnostics/<code>.md.

    OE1xx YAML, 2xx schema, 3xx graph, 4xx state, 5xx expressions and placeholders, 6xx files and secrets.
    """

    INVALID_YAML = "OE101"
    DUPLICATE_KEY = "OE102"
    SEVERAL_DOCUMENTS = "OE103"
    LIMIT_EXCEEDED = "OE104"
    NOT_A_MAPPING = "OE105"
    UNKNOWN_ALIAS = "OE106"
    UNQUOTED_PLACEHOLDER = "OE107"
    AMBIGUOUS_SCALAR = "OE108"
    CUT_OFF_TEXT = "OE109"

    MISSING_KEY = "OE201"
    WRONG_TYPE = "OE202"
    WRONG_VALUE = "OE203"
    UNKNOWN_KEY = "OE204"
    UNKNOWN_KIND = "OE205"
    NO_EFFECT = "OE206"
    NOT_A_SCHEMA = "OE207"
    UNREADABLE_REFERENCE = "OE208"
    UNSUPPORTED_PATTERN = "OE209"

    DUPLICATE_ID = "OE301"
    UNKNOWN_NODE = "OE302"
    CYCLE = "OE303"
    UNREACHABLE = "OE304"
    DATA_ONLY_WAIT = "OE305"
    ENDLESS_LOOP = "OE306"
    ENDLESS_NESTING = "OE307"
    UNKNOWN_PHASE = "OE308"
    SHARED_STAGE = "OE309"

    UNDECLARED_FIELD = "OE401"
    WRONG_DEFAULT = "OE402"
    WRITES_COUNT = "OE403"
    READ_BEFORE_WRITE = "OE404"
    NEVER_READ = "OE405"
    DATA_RACE = "OE406"
    WRONG_MERGE = "OE407"
    WRITES_MISMATCH = "OE408"

    EXPRESSION_SYNTAX = "OE501"
    BAD_REFERENCE = "OE502"
    NEVER_TRUE = "OE503"
    WRONG_OPERAND = "OE504"
    UNKNOWN_PATH = "OE505"
    NOT_A_LIST = "OE506"
    UNKNOWN_PLACEHOLDER = "OE507"
    UNUSED_READ = "OE508"

    MISSING_FILE = "OE601"
    MISSING_FUNCTION = "OE602"
    OUTSIDE_FOLDER = "OE603"
    LITERAL_SECRET = "OE604"  # noqa: S105 - a code
    UNUSABLE_FILE = "OE605"
    BROKEN_NESTED = "OE606"


FILE_CODES = frozenset({Code.MISSING_FILE, Code.MISSING_FUNCTION, Code.UNUSABLE_FILE, Code.BROKEN_NESTED})
"""Codes about the disk, not the text: even as errors they can be suppressed, since the text may be sound."""


class OtherFile(Struct, frozen=True):
    """A file other than the one that a problem is in: its path from the experience's folder, and its text."""

    path: str
    text: str


class Related(Struct, frozen=True):
    """Another place that explains a problem, such as the first use of a duplicate id; in the same text or in `file`."""

    span: Span
    message: str
    file: OtherFile | None = None

    def shift(self, by: int) -> Related:
        """The same place after the text of the experience moved by `by` code points."""
        return self if self.file else replace(self, span=self.span.shift(by))


class Problem(Struct, frozen=True):
    """One mistake at one place. `span` is in code points of the text; `data` is for quick fixes.

    The message says what is wrong and ends with the remedy, after a semicolon and without a full stop. Checks may start
    it in lower case, since it can be a part of another one; an analysis starts each with a capital.
    """

    code: Code
    severity: Severity
    message: str
    span: Span
    related: tuple[Related, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    def shift(self, by: int) -> Problem:
        """The same problem after its text moved by `by` code points."""
        related = tuple(place.shift(by) for place in self.related)
        return replace(self, span=self.span.shift(by), related=related)
