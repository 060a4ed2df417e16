"""Only what can be a key is looked for: nothing short, and no placeholder."""

from __future__ import annotations

import pytest

from engine.log.secrets.weak_secrets import weakness


@pytest.mark.parametrize("value", ["test", "ollama", "none", "EMPTY", "sk-abcd", " abcdefg ", "", "2024-01"])
def test_what_is_shorter_than_eight_characters_is_no_key(value: str) -> None:
    assert weakness(value) == "shorter than 8 characters"


@pytest.mark.parametrize(
    "value",
    [
        *("lm-studio", "not-needed", "NOT_NEEDED", "no-key-required", "sk-no-key-required", "placeholder", "changeme"),
        *("your-api-key", "YOUR_OPENAI_API_KEY", "<your key here>", "${OPENAI_API_KEY}", "insert-your-key-here"),
        *("xxxxxxxx", "sk-xxxxxxxxxxxxxxxx", "********", "00000000", "1234567890", "dummy-key", "sk-ant-api03-xxxx"),
    ],
)
def test_a_placeholder_is_no_key(value: str) -> None:
    assert weakness(value) == "a placeholder"


@pytest.mark.parametrize(
    "value",
    ["sk-ant-0123", "sk-another-key", "test-4f9a2b7c", "48151623", "p4ssw0rd!", "AIzaSyB-1", "sk-" * 5000 + "q"],
)
def test_anything_else_may_be_one(value: str) -> None:
    assert weakness(value) is None
