"""Opening a file costs no more than its length deserves: a text twice as long takes twice as long."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from engine.cache.keys.imports.javascript_imports import javascript_imports
from engine.cache.keys.imports.python_imports import python_imports
from engine.experience import Analysis, analyse
from engine.experience.files.tool_functions import javascript_names, python_names
from engine.syntax import Encoding
from oe_lsp.ide.completion.complete import complete
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document.tool_functions import function_span, functions
from oe_lsp.ide.document_links import links
from oe_lsp.ide.document_symbols import symbols
from oe_lsp.ide.folding import folds
from oe_lsp.ide.hover.hover import hover
from oe_lsp.ide.navigation import definitions, highlights, references
from oe_lsp.ide.selection_ranges import selections
from oe_lsp.ide.semantic_tokens.encoding import encoded_tokens
from tests.hostile.growing import TEXTS
from tests.hostile.growth import MOST, growth
from tests.hostile.odd_texts import EXPERIENCES, JAVASCRIPT, PYTHON
from tests.unit.ide.marked import FOLDER

pytestmark = pytest.mark.long

SIZE = 60


@pytest.mark.parametrize("kind", EXPERIENCES)
def test_the_time_of_an_analysis_grows_as_the_text_does(kind: str) -> None:
    analyse(EXPERIENCES[kind](1))  # what is built once is

    assert growth(analyse, EXPERIENCES[kind], SIZE) <= MOST


@pytest.mark.parametrize("kind", PYTHON)
def test_the_time_of_a_look_at_a_python_tool_grows_as_the_text_does(kind: str) -> None:
    def look(text: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            python_names.__wrapped__(text)
            python_imports(text.encode())
            function_span(text, "run", is_python=True)
            functions(text, is_python=True)

    assert growth(look, PYTHON[kind], SIZE) <= MOST


@pytest.mark.parametrize("kind", JAVASCRIPT)
def test_the_time_of_a_look_at_a_javascript_tool_grows_as_the_text_does(kind: str) -> None:
    def look(text: str) -> None:
        javascript_names.__wrapped__(text)
        javascript_imports(text.encode())
        function_span(text, "run", is_python=False)
        function_span(text, None, is_python=False)
        functions(text, is_python=False)

    assert growth(look, JAVASCRIPT[kind], SIZE) <= MOST


FEATURES: dict[str, Callable[[Snapshot], object]] = {
    "completion at the end": lambda shot: complete(shot, len(shot.text), FOLDER),
    "completion in the middle": lambda shot: complete(shot, len(shot.text) // 2, FOLDER),
    "hover": lambda shot: hover(shot, len(shot.text) // 2),
    "tokens": lambda shot: encoded_tokens(shot, Encoding.UTF16, None, over_lines=False),
    "symbols": lambda shot: symbols(shot.analysis.tree.root),
    "folding": folds,
    "selection": lambda shot: selections(shot, len(shot.text) // 2),
    "links": lambda shot: list(links(shot, FOLDER)),
    "definition": lambda shot: definitions(shot, len(shot.text) // 2, FOLDER),
    "references": lambda shot: references(shot, len(shot.text) // 2, FOLDER, with_declaration=True),
    "highlights": lambda shot: highlights(shot, len(shot.text) // 2),
    "the next analysis": lambda shot: _typed(shot.analysis),
}


def _typed(analysis: Analysis) -> Analysis:
    middle = len(analysis.text) // 2
    return analyse(f"{analysis.text[:middle]}x{analysis.text[middle:]}", analysis)


@pytest.mark.long
@pytest.mark.parametrize("kind", EXPERIENCES)
def test_the_time_of_each_feature_grows_as_the_text_does(kind: str) -> None:
    shots = {size: _opened(EXPERIENCES[kind](size)) for size in (8 * SIZE, 16 * SIZE)}

    grown = {name: growth(feature, shots.__getitem__, 8 * SIZE, factors=(1,)) for name, feature in FEATURES.items()}

    assert {name: ratio for name, ratio in grown.items() if ratio > MOST} == {}


def _opened(text: str) -> Snapshot:
    return Snapshot("file:///x/experience.yaml", 1, text, analyse(text))


@pytest.mark.long
@pytest.mark.parametrize("kind", TEXTS)
def test_the_time_of_reading_a_text_that_makes_readers_choke_grows_as_the_text_does(kind: str) -> None:
    assert growth(analyse, TEXTS[kind], SIZE) <= MOST
