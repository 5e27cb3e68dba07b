"""Who says what to whom."""

from __future__ import annotations

from doubletalk.report.diagram import diagram_svg
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.tables import safe, table

__all__ = ["game"]


def game(content: PageContent) -> Section | None:
    """Who says what to whom, as a picture for wide and one for narrow screens."""
    parts = []
    for name, solution in content.solutions:
        head = f"<h3>{safe(name)}</h3>" if len(content.solutions) > 1 else ""
        parts.append(
            f'{head}<figure><div class="scroll">{diagram_svg(solution.game)}</div>'
            f"{diagram_svg(solution.game, across=False, width=360)}"
            f"<figcaption>{safe(solution.game.title)}. Solid arrows: who moves next. Dashed arrows: who else "
            "hears what is said. Numbers are the probabilities that the audiences start from.</figcaption></figure>"
        )
    if content.actors:
        parts.append(
            table(("Name", "Stands for"), [(f"<strong>{safe(k)}</strong>", safe(v)) for k, v in content.actors])
        )
    return Section("game", "Who says what to whom", "".join(parts)) if parts else None
