"""Tables of crisis estimates for papers: text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from doubletalk.crisis.bootstrap import Bootstrap
from doubletalk.crisis.result import METHODS, CrisisFit

__all__ = [
    "bootstrap_text",
    "crisis_html",
    "crisis_latex",
    "crisis_text",
    "latex_escaped",
    "maxima_text",
    "posterior_text",
]


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
            error = fit.standard_errors[place]
            shown = f"{error:.4f}" if np.isfinite(error) else "not determined"
            cells.append(f"{fit.estimates[place]:.4f} ({shown})")
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
    return _aligned([[name, *cells] for name, cells in rows])


def crisis_latex(fits: Sequence[CrisisFit]) -> str:
    """A tabular environment."""
    head = " & ".join(["", *(latex_escaped(METHODS[fit.method]) for fit in fits)])
    body = [" & ".join(latex_escaped(cell) for cell in (name, *cells)) + r" \\" for name, cells in _cells(fits)]
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


def latex_escaped(text: str) -> str:
    """*text* with the signs that LaTeX reads as commands written out."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def crisis_html(fits: Sequence[CrisisFit]) -> str:
    """A table element."""
    head = "".join(f"<th>{escape(METHODS[fit.method])}</th>" for fit in fits)
    body = "\n".join(
        f"<tr><th>{escape(name)}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, cells in _cells(fits)
    )
    return f"<table>\n<tr><th></th>{head}</tr>\n{body}\n</table>\n"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def bootstrap_text(fit: CrisisFit, made: Bootstrap, level: float) -> str:
    """Standard errors of the formula beside those of the bootstrap, and its percentile interval."""
    low, high = made.interval(level)
    rows = [["", "estimate", "std. error", "bootstrap", f"{100 * level:g}% percentile interval"]]
    for k, name in enumerate(fit.names):
        numbers = fit.estimates[k], fit.standard_errors[k], made.standard_errors[k]
        rows.append([name, *(f"{value:.4f}" for value in numbers), f"{low[k]:.4f} to {high[k]:.4f}"])
    words = f"Bootstrap: {made.made} of {made.asked} replicates by game, seed {made.seed}; {made.failed} left out"
    return _aligned(rows) + words + (" (not converged, or collinear).\n" if made.failed else ".\n")


def posterior_text(fit: CrisisFit) -> str:
    """Quantiles and diagnostics of a posterior."""
    found = fit.diagnostics
    rows = [["", "median", "5%", "95%", "R-hat", "ESS bulk", "ESS tail"]]
    for k, name in enumerate(fit.names):
        quantiles = [f"{found[key][k]:.4f}" for key in ("median", "low_90", "high_90")]
        sizes = [f"{found[key][k]:.0f}" for key in ("ess_bulk", "ess_tail")]
        rows.append([name, *quantiles, f"{found['r_hat'][k]:.3f}", *sizes])
    words = (
        f"Posterior by NUTS: {found['chains']} chains of {found['draws']} draws after {found['warmup']}, seed "
        f"{found['seed']}, {found['divergences']} divergent, rule '{fit.selection}': {fit.message}."
    )
    return _aligned(rows) + words + "\n"


def maxima_text(fit: CrisisFit) -> str:
    """The distinct maxima that several starts reached."""
    maxima = fit.diagnostics["maxima"]
    rows = [["maximum", "log-likelihood", "starts", "distance (s.e.)"]]
    for number, one in enumerate(maxima):
        cells = f"{one['log_likelihood']:.6g}", str(one["starts"]), f"{one['distance_in_standard_errors']:.2f}"
        name = str(number + 1) if one["converged"] else "none: did not converge, highest"
        rows.append([name, f"{one['log_likelihood']:.6f}" if one["converged"] else cells[0], *cells[1:]])
    total = sum(one["starts"] for one in maxima)
    return _aligned(rows) + f"{maxima[0]['starts']} of {total} starts reached the best.\n"
