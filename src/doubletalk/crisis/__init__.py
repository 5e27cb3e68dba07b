"""Crisis signalling across countries: the Lewis-Schultz model, estimated from grouped outcome counts."""

from doubletalk.crisis.data import CrisisData, frame_of, load_data, with_outcomes
from doubletalk.crisis.fit import fit_crisis
from doubletalk.crisis.result import CrisisFit, fit_from_dict
from doubletalk.crisis.specification import CrisisSpecification, read_specification, template

__all__ = [
    "CrisisData",
    "CrisisFit",
    "CrisisSpecification",
    "fit_crisis",
    "fit_from_dict",
    "frame_of",
    "load_data",
    "read_specification",
    "template",
    "with_outcomes",
]
