"""Plain words for a number of the record: what it is, what chance would give, and what so few cases can show."""

from __future__ import annotations

import math

from doubletalk.evidence.measures import Account
from doubletalk.evidence.permutation import Chance

__all__ = ["FEWEST_TRIGGERS", "LARGEST_P", "number", "reading"]

FEWEST_TRIGGERS = 5
LARGEST_P = 0.1


def number(value: float | None) -> str:
    """A number in two or three figures; 'undefined' for nan."""
    if value is None or not math.isfinite(value):
        return "undefined"
    value = 0.0 if abs(value) < 0.005 else value
    return str(round(value)) if abs(value - round(value)) < 1e-9 else f"{value:.2f}"


def reading(
    question: str,
    value: float,
    account: Account,
    base: float | None,
    permuted: Chance | None,
    shifted: Chance | None,
    tested: str = "the number",
) -> str:
    """Three or four sentences: the number, the base rate, the tests, and what could have been seen at all."""
    whole = f"{question[0].upper()}{question[1:]}: {number(value)}"
    of = f" ({number(account.numerator)} over {number(account.denominator)} cases)" if account.denominator != 1 else ""
    parts = [f"{whole}{of}."]
    if account.low is not None and account.high is not None and account.low != account.high:
        parts.append(f"Imprecise dates leave it between {number(account.low)} and {number(account.high)}.")
    if base is not None:
        parts.append(f"A random month in place of the trigger gives {number(base)}.")
    if account.left_out_ids:
        parts.append(f"{len(account.left_out_ids)} left out because the window (or the month) cannot be seen.")
    if account.overlapping:
        parts.append(
            f"{account.overlapping} of the triggers have another one within the window, so they are not "
            "independent cases."
        )
    return " ".join(parts + _tests(permuted, shifted, tested) + _power(account, permuted, tested))


def _tests(permuted: Chance | None, shifted: Chance | None, tested: str) -> list[str]:
    if permuted is None:
        return ["No rearrangement can test it: nothing in it can be moved."]
    said = (
        f"By chance, eras and calendar held fixed, {tested} would be {number(permuted.expected)} (p = {permuted.p:.3f}"
    )
    said += ", exact)" if permuted.exact else f", Monte-Carlo error {permuted.error:.3f})"
    if shifted is not None:
        said += f"; with events kept in their clusters p = {shifted.p:.3f}"
    return [said + "."]


def _power(account: Account, permuted: Chance | None, tested: str) -> list[str]:
    if permuted is None:
        return []
    bounds = [
        f"{word} {number(bound)}"
        for word, bound in (("at most", permuted.low), ("at least", permuted.high))
        if bound is not None
    ]
    few = "so few cases" if account.denominator < 15 else "so many cases"
    if not bounds:
        return [f"With {few} no value at all could have been told from chance."]
    return [
        f"With {few} {tested} stands out from chance only if {' or '.join(bounds)}; even then the order "
        "of events shows no cause."
    ]
