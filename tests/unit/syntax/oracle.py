"""What PyYAML, reading a whole text at once under the rules of YAML 1.2, makes of it: the measure for engine.syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.cyaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

CORE = "tag:yaml.org,2002:"


class _Resolver(BaseResolver):
    pass


for _name, _pattern, _first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
]:
    _Resolver.add_implicit_resolver(CORE + _name, re.compile(f"^(?:{_pattern})$", re.ASCII), list(_first))


class _Loader(CParser, Composer, _Resolver):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        _Resolver.__init__(self)


@dataclass(frozen=True)
class Verdict:
    valid: bool | None
    """None where PyYAML is stricter than YAML 1.2: it refuses an anchor that is defined again."""
    value: Any = None


def judge(text: str) -> Verdict:
    """Return whether a text is one valid document without duplicate or complex keys, and its value."""
    try:
        node = _Loader(text.removeprefix("\ufeff")).get_single_node()
        return Verdict(True, None if node is None else _construct(node, ()))
    except ComposerError as error:
        return Verdict(None if "duplicate anchor" in str(error.context) + str(error.problem) else False)
    except (yaml.YAMLError, ValueError):
        return Verdict(False)


def _construct(node: Node, parents: tuple[Node, ...]) -> Any:
    if node in parents:
        raise ValueError("recursive")
    parents = (*parents, node)
    match node:
        case ScalarNode():
            return _scalar(node)
        case SequenceNode():
            _expect(node.tag, "seq")
            return [_construct(item, parents) for item in node.value]
        case MappingNode():
            _expect(node.tag, "map")
            keys = [_construct(key, parents) for key, _ in node.value]
            if any(isinstance(key, list | dict) for key in keys):
                raise ValueError("complex key")
            if len({(isinstance(key, bool), key) for key in keys}) < len(keys):
                raise ValueError("duplicate key")
            return dict(zip(keys, (_construct(value, parents) for _, value in node.value), strict=True))
    raise AssertionError(node)


def _expect(tag: str, name: str) -> None:
    if tag not in ("!", CORE + name):
        raise ValueError(tag)


def _scalar(node: ScalarNode) -> Any:
    text: str = node.value
    match node.tag.removeprefix(CORE):
        case "str" | "!":
            return text
        case "null":
            if text not in ("", "~", "null", "Null", "NULL"):
                raise ValueError(text)
            return None
        case "bool":
            return {"true": True, "false": False}[text.lower()]
        case "int" if text.startswith(("0x", "0o")):
            return int(text[2:], 16 if text[1] == "x" else 8)
        case "int":
            return int(text)
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    raise ValueError(node.tag)
