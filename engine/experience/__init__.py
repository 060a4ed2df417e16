"""Turns the text of an experience.yaml into a typed model and problems. Knows no runs, logs or editors."""

from engine.experience.analyse import Analysis, abandoned, analyse
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.declarations import EdgePlace, IdPlace, Places

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
