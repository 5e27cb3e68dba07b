"""Tables of crisis estimates for papers: text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

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

TINY = 5e-4


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
            shown = _shown(error, error) if np.isfinite(error) else "not determined"
            cells.append(f"{_shown(fit.estimates[place], error)} ({shown})")
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
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
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


def _shown(value: float, error: float) -> str:
    """Four decimals; four significant digits where its standard *error* is so small that these would show nothing."""
    return f"{value:.4g}" if 0.0 < error < TINY else f"{value:.4f}"


def bootstrap_text(fit: CrisisFit, made: Bootstrap, level: float) -> str:
    """Standard errors of the formula beside those of the bootstrap, and its percentile interval."""
    low, high = made.interval(level)
    rows = [["", "estimate", "std. error", "bootstrap", f"{100 * level:g}% percentile interval"]]
    for k, name in enumerate(fit.names):
        numbers = fit.estimates[k], fit.standard_errors[k], made.standard_errors[k]
        error = float(fit.standard_errors[k])
        ends = f"{_shown(low[k], error)} to {_shown(high[k], error)}"
        rows.append([name, *(_shown(value, error) for value in numbers), ends])
    words = f"Bootstrap: {made.made} of {made.asked} replicates by game, seed {made.seed}; {made.failed} left out"
    return _aligned(rows) + words + (" (not converged, or collinear).\n" if made.failed else ".\n")


def posterior_text(fit: CrisisFit) -> str:
    """Diagnosis in the first line, then quantiles by parameter (of NUTS with R-hat and effective sample sizes)."""
    found = fit.diagnostics
    quick = found["quick"]
    rows = [["", "median", "5%", "95%", *([] if quick else ["R-hat", "ESS bulk", "ESS tail"])]]
    for k, name in enumerate(fit.names):
        error = float(fit.standard_errors[k])
        cells = [_shown(found[key][k], error) for key in ("median", "low_90", "high_90")]
        if not quick:
            cells += [f"{found['r_hat'][k]:.3f}", *(f"{found[key][k]:.0f}" for key in ("ess_bulk", "ess_tail"))]
        rows.append([name, *cells])
    if quick:
        how = (
            f"Laplace approximation with {found['proposals']} weighted draws (effective {found['effective']:.0f}, "
            f"Pareto shape {found['pareto_k']:.2f})"
        )
    else:
        how = (
            f"NUTS: {found['chains']} chains of {found['draws']} draws after {found['warmup']}, "
            f"{found['divergences']} divergent, {found['ended_at_a_step']} ended at a step, "
            f"{found['leapfrog_steps_per_draw']:.0f} leapfrog steps a draw, "
            f"{found['sampling_seconds']:.0f} s; independent proposals: {100 * found['refreshed']:.0f}% accepted, "
            f"Pareto shape {found['pareto_k']:.2f}"
        )
    share = 100.0 * found["draws_with_several_equilibria"]
    folds = f"Draws at which some game has several equilibria: {share:.3g}%"
    if share:
        folds += f", at most {found['most_games_with_several_equilibria']} of {fit.games} games"
    head = f"Posterior by {how}; seed {found['seed']}, rule '{fit.selection}', prior {found['prior']}: {fit.message}.\n"
    return head + _aligned(rows) + folds + ".\n"


def maxima_text(fit: CrisisFit) -> str:
    """The distinct maxima that several starts reached, how many equilibria games have there, and every rule."""
    maxima = fit.diagnostics["maxima"]
    rows = [["maximum", "log-likelihood", "starts", "distance (s.e.)", "games with several equilibria (most)"]]
    for number, one in enumerate(maxima):
        name = str(number + 1) if one["converged"] else "none: did not converge, highest"
        games, most = one["games_with_several_equilibria"], one["most_equilibria_of_a_game"]
        value = f"{one['log_likelihood']:.6f}" if one["converged"] else f"{one['log_likelihood']:.6g}"
        distance = f"{one['distance_in_standard_errors']:.2f}"
        rows.append([name, value, str(one["starts"]), distance, f"{games} ({most})" if games else "0"])
    total = sum(one["starts"] for one in maxima)
    place = fit.diagnostics["taken"]
    words = f"The estimate is maximum {place + 1}, which {maxima[place]['starts']} of {total} starts reached.\n"
    return _several_words(fit, maxima) + _aligned(rows) + words + _rules_text(fit)


def _several_words(fit: CrisisFit, maxima: Sequence[Mapping[str, Any]]) -> str:
    """What to make of a best maximum at which games have several equilibria."""
    best = maxima[0]
    games = best["games_with_several_equilibria"]
    if not games:
        return ""
    words = f"At the highest maximum, {best['log_likelihood']:.6f}, {games} of {fit.games} games have several "
    words += "equilibria"
    if fit.selection == "best":
        words += ", of which each game takes the one that suits its counts"
    single = [one["log_likelihood"] for one in maxima if one["converged"] and not one["games_with_several_equilibria"]]
    if single:
        words += f"; the highest with one equilibrium in every game is {single[0]:.6f}"
    if best["equilibria_near_a_fold"]:
        words += f". {best['equilibria_near_a_fold']} equilibria lie near a fold (slope of the reply within 0.05 of 1)"
    if fit.diagnostics["taken"]:
        words += ". It is not the estimate (--take highest makes it that)"
    return words + ".\n"


def _rules_text(fit: CrisisFit) -> str:
    rows = [["rule", "at the estimate", "maximum from the NPL estimate", "games with several there"]]
    for rule, one in fit.diagnostics["rules"].items():
        value = f"{one['maximum']:.6f}" + ("" if one["converged"] else " (not converged)")
        rows.append([rule, f"{one['at_the_estimate']:.6g}", value, str(one["games_with_several_equilibria"])])
    return _aligned(rows)
