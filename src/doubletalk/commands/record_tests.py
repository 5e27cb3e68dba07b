"""What the record says without a model: ``doubletalk chronicle CASE --tests``."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.commands.running import Interruption, ProgressBar, check_writable, put, save, terminal
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doubletalk.evidence.questions import AnsweredStatement

__all__ = ["answer_questions"]


def answer_questions(case: str, as_of: dt.date | None, as_json: bool, figure: Path | None, out: Path | None) -> None:
    """Answer the case's questions, show them, and write table and figure where asked."""
    from doubletalk.case.beside import table_rows
    from doubletalk.case.finding import find_case
    from doubletalk.evidence.coding import as_of_date
    from doubletalk.evidence.questions import QUESTIONS_FILE, ask, load_questions, statement_row
    from doubletalk.evidence.record import load_record

    for path in (figure, out / "tests.json" if out else None):
        if path is not None:
            check_writable(path)
    if figure is not None and figure.suffix.lower() not in (".svg", ".png", ".html"):
        raise InputError(f"found the ending '{figure.suffix}', expected .svg, .png or .html", str(figure))
    folder = find_case(case)
    record = load_record(folder, as_of or as_of_date(folder))
    questions = load_questions(folder / QUESTIONS_FILE, record.vocabulary, record.series, table_rows(folder))
    with ProgressBar() as bar, Interruption().watched():
        answered = ask(questions, record, progress=bar)
    rows = [statement_row(item) for item in answered]
    content = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if figure is not None:
        save(figure, _picture(answered, figure.suffix.lower()))
    if out is not None:
        from doubletalk.report.chronicle_data import csv_text

        save(out / "tests.json", content)
        save(out / "tests.csv", csv_text(rows))
        save(out / "tests.svg", _picture(answered, ".svg"))
    if as_json:
        put(content)
    else:
        _show(answered)


def _picture(answered: Sequence[AnsweredStatement], suffix: str) -> str | bytes:
    import vl_convert

    from doubletalk.report.questions_figure import questions_chart

    chart = questions_chart(answered)
    if suffix == ".png":
        return bytes(vl_convert.vegalite_to_png(chart, scale=2))
    if suffix == ".html":
        return str(vl_convert.vegalite_to_html(chart, bundle=True))
    return str(vl_convert.vegalite_to_svg(chart))


def _show(answered: Sequence[AnsweredStatement]) -> None:
    from rich.table import Table
    from rich.text import Text

    from doubletalk.evidence.reading import number

    console = terminal()
    asked = None
    for item in answered:
        if item.question is not asked:
            asked = item.question
            console.print(Text(f"\n{asked.question}", style="bold"))
            console.print(Text(asked.cannot_show, style="dim"))
        answer = item.answer
        table = Table.grid(padding=(0, 2, 0, 0))
        shown = number(answer.left) + (f" against {number(answer.right)}" if answer.right is not None else "")
        if item.interval is not None:
            shown += f" (90% interval {item.interval[0]:.2f} to {item.interval[1]:.2f})"
        table.add_row(Text("  " + answer.statement.removeprefix("record:").strip()))
        chances = [
            ("p", answer.p),
            ("crises kept together", answer.shift.p if answer.shift else None),
            ("Holm", item.p_holm),
        ]
        tests = "; ".join(f"{name} {value:.3f}" for name, value in chances if value is not None)
        table.add_row(Text(f"    {answer.verdict.value}: {shown}" + (f"; {tests}" if tests else "")))
        console.print(table)
    tested = sum(item.p_holm is not None for item in answered)
    console.print(Text(f"\nHolm: adjusted for all {tested} statements tested here."))
