"""Judging every outcome of a solution by named refinements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from doubletalk.equilibrium.solution import Outcome, Solution
from doubletalk.errors import InputError
from doubletalk.refinement.announcement_proof import announcement_proof
from doubletalk.refinement.audience_best import audience_best
from doubletalk.refinement.d1 import d1, iterated_d1
from doubletalk.refinement.d2 import d2
from doubletalk.refinement.divinity import divinity
from doubletalk.refinement.equilibrium_domination import equilibrium_domination
from doubletalk.refinement.intuitive import intuitive
from doubletalk.refinement.names import NAMES
from doubletalk.refinement.neologism_proof import neologism_proof
from doubletalk.refinement.nwbr import iterated_nwbr, nwbr
from doubletalk.refinement.pareto import pareto
from doubletalk.refinement.perfect_sequential import perfect_sequential
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.sender_best import sender_best
from doubletalk.refinement.setting import Setting, Test
from doubletalk.refinement.undefeated import undefeated
from doubletalk.refinement.universal_divinity import universal_divinity

__all__ = ["explain", "refine"]

MESSAGE_TESTS: Mapping[str, Test] = {
    "intuitive": intuitive,
    "equilibrium_domination": equilibrium_domination,
    "d1": d1,
    "iterated_d1": iterated_d1,
    "d2": d2,
    "divinity": divinity,
    "universal_divinity": universal_divinity,
    "nwbr": nwbr,
    "iterated_nwbr": iterated_nwbr,
    "perfect_sequential": perfect_sequential,
}
"""Refinements that look at one outcome and its unsent messages, one at a time."""

OUTCOME_TESTS: Mapping[str, Callable[[Setting, Outcome], Reason]] = {
    "undefeated": undefeated,
    "neologism_proof": neologism_proof,
    "announcement_proof": announcement_proof,
    "sender_best": sender_best,
    "audience_best": audience_best,
    "pareto": pareto,
}
"""Refinements that compare outcomes, or read the whole game."""


def refine(solution: Solution, names: Sequence[str]) -> Solution:
    """The same solution with each outcome's ``survives`` filled for *names* (keys of ``NAMES``), others kept.

    True: survives; False: does not; None: does not apply, or is undecided (``explain`` says why).
    Raises InputError for an unknown name.
    """
    _check(names)
    setting = Setting(solution)
    outcomes = tuple(
        replace(o, survives={**o.survives, **{name: _reason(setting, o, name).verdict for name in names}})
        for o in solution.outcomes
    )
    return replace(solution, outcomes=outcomes)


def explain(solution: Solution, name: str, only: int | None = None) -> dict[int, Reason]:
    """Outcome id -> the verdict of the refinement *name* and why; of the outcome with the id *only*, where it is given.

    Raises InputError for an unknown name.
    """
    _check([name])
    setting = Setting(solution)
    return {o.id: _reason(setting, o, name) for o in solution.outcomes if only is None or o.id == only}


def _reason(setting: Setting, outcome: Outcome, name: str) -> Reason:
    if name in MESSAGE_TESTS:
        return setting.judge(outcome, MESSAGE_TESTS[name])
    return OUTCOME_TESTS[name](setting, outcome)


def _check(names: Sequence[str]) -> None:
    for name in names:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"unknown refinement {name!r}; expected one of {', '.join(NAMES)}{hint}")
