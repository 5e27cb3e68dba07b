"""Every equilibrium outcome in words."""

from __future__ import annotations

from doubletalk.equilibrium.solution import Solution
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.sections.badges import which_world
from doubletalk.report.summary import NEVER, OutcomeView, solution_view
from doubletalk.report.tables import details, safe, table

__all__ = ["equilibria"]

OPEN_OUTCOMES = 1
SHOWN_OUTCOMES = 40


def equilibria(content: PageContent) -> Section | None:
    """Every outcome: what each type says, who answers how, what must be believed."""
    parts: list[str] = []
    for name, solution in content.solutions:
        view = solution_view(solution)
        words = f"{safe(view.standing)} {_solver_words(solution)}"
        parts.append(f"<h3>{safe(name)}</h3><p>{words}</p>{which_world(content)}")
        for outcome in view.outcomes[:SHOWN_OUTCOMES]:
            parts.append(_outcome(outcome))
        if len(view.outcomes) > SHOWN_OUTCOMES:
            parts.append(
                f"<p>The other {len(view.outcomes) - SHOWN_OUTCOMES} outcomes are in <code>solution.json</code>.</p>"
            )
    return Section("equilibria", "The equilibria", "".join(parts)) if parts else None


def _solver_words(solution: Solution) -> str:
    return (
        "Each outcome is what the players see happen; many beliefs and plans off the path may support it, and "
        f"all of them are counted as one. Solver class: {safe(solution.solver_class)}."
    )


def _outcome(view: OutcomeView) -> str:
    varies = "" if view.unique else "; the outcome varies within the ranges shown"
    says = "; ".join(f"{label}: {words}" for label, words in view.says)
    heard = []
    for after in view.after:
        for k, (does, believes) in enumerate(after.options):
            where = f"{after.heard} ({after.by})" if after.by else after.heard
            first = f"{safe(where)}<br><small>{safe(after.status)}</small>" if k == 0 else "<small>or</small>"
            must = "must believe: " if after.status == NEVER and believes else ""
            heard.append((first, "<br>".join(safe(line) for line in does), safe(must + believes)))
    body = [
        table(("Type", "says"), [(safe(a), safe(b)) for a, b in view.says]),
        table(("After", "the audiences do", "and believe"), heard),
    ]
    if view.replies:
        body.append(table(("In the end, after", "the sender does"), [(safe(a), safe(b)) for a, b in view.replies]))
    body.append(table(("Player", "gets"), [(safe(a), safe(b)) for a, b in view.payoffs]))
    if view.survives:
        body.append(table(("Refinement", "verdict"), [(safe(a), safe(b)) for a, b in view.survives]))
    body.append(
        f"<p><small>{view.families} famil{'y' if view.families == 1 else 'ies'} of equilibria, {view.points} "
        f"extreme point{'' if view.points == 1 else 's'}.</small></p>"
    )
    return details(f"Outcome {view.id}: {view.kind}{varies}. {says}", "".join(body), opened=view.id <= OPEN_OUTCOMES)
