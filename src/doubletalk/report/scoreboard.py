"""How the claims of each side fare, in one table: the same rows for every side."""

from __future__ import annotations

from doubletalk.report.page_content import STANDINGS, ClaimRow, PageContent
from doubletalk.report.page_headline import reach_group

__all__ = ["scoreboard"]

_MODEL = {
    "all": "in all equilibria{of_worlds}, wherever the condition occurs",
    "some": "in some{worlds} equilibria and not in others",
    "none": "in none",
    "built": "true by construction",
    "open": "cannot be told",
}


_SHARED = "holds, and the other side expects it too"


def _standing(claim: ClaimRow) -> str:
    """A key of ``STANDINGS``, or "shared": what holds for both sides counts for neither."""
    return "shared" if claim.shared and claim.standing == "yes" else claim.standing


def scoreboard(content: PageContent) -> list[tuple[str, list[tuple[str, list[int]]]]]:
    """What is asked, the answers to it, and under each answer the number of claims of each side.

    Groups and answers that no side has are left out; within a group the numbers of a side add up to its claims. The
    sides are those with any claim, in the order of ``content.sides``.
    """
    sides = [side.key for side in content.sides if content.claims_of(side.key)]
    several = len(content.worlds) > 1
    names = {"of_worlds": " of every world" if several else "", "worlds": " worlds or" if several else ""}
    found = []
    for about in ("the model", "the long game", "the fitted game", "the record"):
        asked = {side: content.claims_of(side, about) for side in sides}
        if about == "the model":
            answers = {key: words.format(**names) for key, words in _MODEL.items()}
            given = {side: [reach_group(claim) for claim in claims] for side, claims in asked.items()}
        else:
            answers = {"yes": STANDINGS["yes"], "shared": _SHARED, **STANDINGS}
            given = {side: [_standing(claim) for claim in claims] for side, claims in asked.items()}
        rows = [(words, [given[side].count(key) for side in sides]) for key, words in answers.items()]
        found.append((f"About {about}", [row for row in rows if any(row[1])]))
    left = [len(content.claims_of(side, "neither")) for side in sides]
    found.append(("Not asked", [("no statement says it, or what it needs was not run", left)] if any(left) else []))
    return [(name, rows) for name, rows in found if rows]
