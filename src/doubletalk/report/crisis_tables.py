"""Tables of crisis estimates for papers: text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from doubletalk.crisis.result import METHODS, CrisisFit

__all__ = ["crisis_html", "crisis_latex", "crisis_text"]


def _cells(fits: Sequence[CrisisFit]) -> list[tuple[str, list[str]]]:
    """Rows of the table: a name and one cell per fit, 'estimate (standard error)'."""
    names = list(dict.fromkeys(name for fit in fits for name in fit.names))
    rows = []
    for name in names:
        cells = []
        for fit in fits:
            if name not in fit.names:
                cells.append("")
                continue
            place = fit.names.index(name)
            cells.append(f"{fit.estimates[place]:.4f} ({fit.standard_errors[place]:.4f})")
        rows.append((name, cells))
    rows.append(("log-likelihood", [f"{fit.log_likelihood:.3f}" for fit in fits]))
    rows.append(("games", [str(fit.games) for fit in fits]))
    rows.append(("plays", [f"{fit.plays:.0f}" for fit in fits]))
    rows.append(("converged", ["yes" if fit.converged else f"no: {fit.message}" for fit in fits]))
    rows.append(("standard errors", [fit.errors_account_for for fit in fits]))
    return rows


def crisis_text(fits: Sequence[CrisisFit]) -> str:
    """Aligned plain text."""
    rows = [("", [METHODS[fit.method] for fit in fits]), *_cells(fits)]
    first = max(len(name) for name, _ in rows)
    widths = [max(len(cells[j]) for _, cells in rows) for j in range(len(fits))]
    lines = []
    for name, cells in rows:
        line = [name.ljust(first), *(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))]
        lines.append("  ".join(line).rstrip())
    return "\n".join(lines) + "\n"


def crisis_latex(fits: Sequence[CrisisFit]) -> str:
    """A tabular environment."""
    head = " & ".join(["", *(_latex(METHODS[fit.method]) for fit in fits)])
    body = [" & ".join(_latex(cell) for cell in (name, *cells)) + r" \\" for name, cells in _cells(fits)]
    columns = "l" + "r" * len(fits)
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", r"\hline", head + r" \\", r"\hline", *body, r"\hline"]) + (
        "\n\\end{tabular}\n"
    )


_LATEX = {
    **{sign: "\\" + sign for sign in "&%$#_{}"},
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def crisis_html(fits: Sequence[CrisisFit]) -> str:
    """A table element."""
    head = "".join(f"<th>{escape(METHODS[fit.method])}</th>" for fit in fits)
    body = "\n".join(
        f"<tr><th>{escape(name)}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, cells in _cells(fits)
    )
    return f"<table>\n<tr><th></th>{head}</tr>\n{body}\n</table>\n"
