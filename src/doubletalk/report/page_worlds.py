"""The worlds of a study as rows of the report, each with what one size alone would change in it."""

from __future__ import annotations

from doubletalk.case.structure import StructuralThreshold
from doubletalk.case.study_result import StudyResult
from doubletalk.exact import text
from doubletalk.report.page_content import ThresholdRow, WorldRow

__all__ = ["world_rows"]


def world_rows(result: StudyResult) -> tuple[WorldRow, ...]:
    """All worlds in the order of the case; a case without open questions has one."""
    rows = []
    for number, item in enumerate(result.worlds, 1):
        world = item.world
        sides = tuple(world.settings.get(crux.id, "") for crux in result.case.cruxes)
        answers = tuple(c.says(side) if side else "" for c, side in zip(result.case.cruxes, sides, strict=True))
        rows.append(
            WorldRow(
                number,
                world.name,
                sides,
                answers,
                {name: text(value) for name, value in world.values.items()},
                item.window,
                world.as_filed,
                item.outcomes,
                tuple(_threshold(found) for found in item.thresholds),
            )
        )
    return tuple(rows)


def _threshold(found: StructuralThreshold) -> ThresholdRow:
    return ThresholdRow(
        found.parameter,
        text(found.default),
        found.direction,
        found.value,
        (found.low, found.high),
        tuple(action for best in found.best_here for action in best),
        tuple(action for best in found.best_beyond for action in best),
    )
