"""Every check, in one list for each thing that is checked. To add one, write a function and add it here.

Mistakes in a single item (schema, defaults, literal secrets) are found when it is read: reading/items.py. YAML errors
come from engine/syntax, and errors in nested experiences from nested_experiences.py, since they need their analyses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.experience.checks.conditions import (
    check_fan_out_source,
    check_node_references,
    check_pipeline_items,
    check_until,
    check_when,
)
from engine.experience.checks.contexts import AnyItem, DocumentContext
from engine.experience.checks.dataflow import (
    FlowContext,
    FlowProblem,
    check_data_only_waits,
    check_never_read,
    check_races,
    check_reads_before_writes,
    check_unreachable,
)
from engine.experience.checks.dataset_sources import check_source
from engine.experience.checks.ids_and_edges import (
    check_cycles,
    check_duplicate_ids,
    check_undeclared_fields,
    check_unknown_ids,
)
from engine.experience.checks.named_files import check_files
from engine.experience.checks.nested_interface import check_interface
from engine.experience.checks.outputs import check_outputs
from engine.experience.checks.phases import check_phases
from engine.experience.checks.prompts import check_prompt
from engine.experience.checks.schema_refs import check_schema_references
from engine.experience.checks.stages import check_stages
from engine.experience.checks.unloggable_values import check_unloggable_values
from engine.experience.checks.yaml.cut_off_text import check_cut_off_text
from engine.experience.problems import Problem

ItemCheck = Callable[[AnyItem], Iterator[Problem]]

ITEM_CHECKS: Mapping[str, tuple[ItemCheck, ...]] = {
    "nodes": (
        check_fan_out_source,  # OE505, OE506
        check_node_references,  # OE505
        check_prompt,  # OE507, OE508, OE601
        check_outputs,  # OE206, OE407, OE408
        check_files,  # OE601, OE602, OE603, OE605
        check_source,  # OE203, OE206, OE601, OE605
        check_interface,  # OE201, OE203, OE204, OE407, OE408
    ),
    "edges": (check_when,),  # OE503, OE504, OE505
    "pipelines": (check_pipeline_items,),  # OE505, OE506
    "loops": (check_until,),  # OE503, OE504, OE505
}
"""By list, the checks of one item and what is around it; done again only when either changes."""

DOCUMENT_CHECKS: tuple[Callable[[DocumentContext], Iterator[Problem]], ...] = (
    check_duplicate_ids,  # OE301
    check_unknown_ids,  # OE302
    check_cycles,  # OE303
    check_undeclared_fields,  # OE401
    check_stages,  # OE206, OE309
    check_phases,  # OE301, OE308
    check_schema_references,  # OE208
    check_unloggable_values,  # OE203
    check_cut_off_text,  # OE109
)
"""The checks of the whole document; done again after every edit."""

FLOW_CHECKS: tuple[Callable[[FlowContext], Iterator[FlowProblem]], ...] = (
    check_unreachable,  # OE304
    check_reads_before_writes,  # OE404
    check_never_read,  # OE405
    check_races,  # OE406
    check_data_only_waits,  # OE305
)
"""The checks of reads and writes in their order; done only if the text has no errors that would distort it."""
