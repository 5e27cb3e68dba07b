"""The results as Markdown: one section a question, every number as it stands in the JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["END", "START", "insert", "machine_line", "markdown", "table"]

START = "<!-- results: written by python -m benchmarks -->"
END = "<!-- end of results -->"

Row = Mapping[str, Any]


def milliseconds(value: float) -> str:
    """Three significant digits with a unit: ``"3.16 ms"``, ``"1.30 s"``."""
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _met(row: Row) -> str:
    return "" if row["met"] is None else "met" if row["met"] else "missed"


def _aim(row: Row) -> str:
    return "" if row["aim_ms"] is None else milliseconds(row["aim_ms"])


def machine_line(facts: Row) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    how = "compiled" if facts["search_compiled"] else "plain Python"
    load = facts["load_average_at_start"]
    return (
        f"Run on {facts['date']}: {facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB of memory, "
        f"{facts['system']}, Python {facts['python']}; {packages}. The search is {how}. "
        f"Load average at the start (1, 5, 15 minutes): {load}."
    )


def _aims(results: Row) -> str:
    rows = []
    for row in results["sizes"]:
        rows.append([
            row["size"], _aim(row), milliseconds(row["median_ms"]), _met(row), milliseconds(row["cpu_median_ms"]),
            milliseconds(row["min_ms"]), milliseconds(row["max_ms"]), f"{row['finished']} of {row['games']}",
            f"{row['median_outcomes']:g} / {row['median_families']:g}",
        ])  # fmt: skip
    for name in ("beer-quiche", "cold start"):
        row = results[name]
        cpu = milliseconds(row["cpu_median_ms"]) if "cpu_median_ms" in row else ""
        label = name if name == "beer-quiche" else "`doubletalk solve beer_quiche`, whole process"
        rows.append([
            label, _aim(row), milliseconds(row["median_ms"]), _met(row), cpu, milliseconds(row["min_ms"]),
            milliseconds(row["max_ms"]), f"{row['repeats']} runs", "",
        ])  # fmt: skip
    head = ["audiences x (types, messages, actions)", "aim", "median", "", "median CPU", "fastest", "slowest"]
    return table([*head, "complete", "outcomes / families"], rows)


def _shares(rows: Sequence[Row]) -> str:
    parts = list(rows[0]["share"])
    body = [
        [row["size"], *(f"{milliseconds(row['median_ms'][p])} ({row['share'][p]:.0%})" for p in parts)] for row in rows
    ]
    return table(["size", *parts], body)


def _growth(groups: Mapping[str, Sequence[Row]]) -> str:
    body = []
    for name, rows in groups.items():
        before = None
        for row in rows:
            step = f"x {row['median_ms'] / before:.1f}" if before else ""
            before = row["median_ms"]
            body.append([
                name, row["size"], milliseconds(row["median_ms"]), step, milliseconds(row["max_ms"]),
                f"{row['finished']} of {row['games']}", f"{row['median_families']:g}",
            ])  # fmt: skip
    return table(["varied", "size", "median", "step", "slowest", "complete", "families"], body)


def _plain(rows: Sequence[Row]) -> str:
    body = [
        [
            row["size"], milliseconds(row["installed_walk_ms"]), milliseconds(row["plain_walk_ms"]),
            f"{row['walk_ratio']:g}", milliseconds(row["installed_solve_ms"]), milliseconds(row["plain_solve_ms"]),
            f"{row['solve_ratio']:g}",
        ]
        for row in rows
    ]  # fmt: skip
    head = ["size", "search, as installed", "search, plain Python", "times", "solve, as installed"]
    return table([*head, "solve, plain Python", "times"], body)


def _peers(rows: Sequence[Row], limit_s: float) -> str:
    body = []
    for row in rows:
        slow = milliseconds(row["peer_ms"]) if row["end"] == "answered" else f"**{row['end']}**"
        if row["end"] == "time limit":
            slow += f" ({limit_s:g} s)"
        elif row["end"] != "answered":
            slow += f" after {milliseconds(row['peer_ms'])}"
        ratio = "" if row["ratio"] is None else f"{'over ' if row['ratio_is_at_least'] else ''}{row['ratio']:,.0f}"
        listed = ", ".join(map(str, row["listed"]))
        body.append([
            row["size"], row["method"], slow, f"{row['answered']} of {row['tried']}", listed,
            milliseconds(row["our_ms"]), ratio,
        ])  # fmt: skip
    head = ["game", "peer", "its time", "answered", "points it lists (ours: families)"]
    return table([*head, "ours, sequential", "times ours"], body)


def markdown(results: Row) -> str:
    """The whole report of one run."""
    parts = [
        machine_line(results["machine"]),
        "Times are wall times of `solve()` for the complete exact set, inside one process: of each game the median of "
        "up to three solves, then the median, fastest and slowest over the games. The CPU column is the processor "
        "time of the same solves, which other work on the machine disturbs less.",
        "### Aims",
        _aims(results),
        "### Where the time goes",
        _shares(results["shares"]),
        "### Growth, one dimension at a time",
        _growth(results["growth"]),
        "### The search without a compiler",
        _plain(results["plain"]),
    ]
    if results["peers"]:
        words = (
            "Processor time of both, on the same games; each attempt of a peer in a process of its own, "
            f"with {results['peer_limit_s']:g} s of processor time and {results['peer_memory_gib']} GiB of memory. "
            "After the first attempt at a size that does not answer, the other games of that size are not tried."
        )
        parts += ["### Other software on the same games", words, _peers(results["peers"], results["peer_limit_s"])]
    return "\n\n".join(parts) + "\n"


def insert(page: str, report: str) -> str:
    """*page* with what stands between its two marks replaced by *report*. Raises ValueError without the marks."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the page has no place for results; expected the lines {START} and {END}")
    return f"{before}{START}\n\n{report}\n{END}{after}"
