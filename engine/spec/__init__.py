"""From the text of an experience.yaml to a typed model and problems. Imports no run, no log and no editor."""

from engine.spec.analyse import Analysis, abandoned, analyse
from engine.spec.places import EdgePlace, IdPlace, Places
from engine.spec.problems import Code, Problem, Related, Severity

__all__ = [
    "Analysis",
    "Code",
    "EdgePlace",
    "IdPlace",
    "Places",
    "Problem",
    "Related",
    "Severity",
    "abandoned",
    "analyse",
]
