"""Who says what to whom and who does what: a picture laid out from any game, along a row or down a column.

Stages: the sender and what it alone knows; what it may say; the audiences, those that watch others after them; the
sender's reply. An arrow that skips a stage runs in a lane of its own beside the boxes, so that nothing crosses a box.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from doubletalk.exact import ZERO, Rational, text
from doubletalk.game.model import Game
from doubletalk.report.figures_svg import INK, PALETTE, Box, arrow, paragraph, rectangle, svg, wrapped

__all__ = ["diagram_svg"]

HEAD, BODY = 15.0, 13.0
PAD, GAP, LANE = 12.0, 44.0, 16.0
SHOWN_TYPES = 8
SENDER, SAYS, HEARS = PALETTE[2], "#57606a", PALETTE[0]


@dataclass(frozen=True)
class _Card:
    """One box: its heading, its paragraphs (bold ones marked), its colour."""

    heading: str
    lines: tuple[tuple[str, bool], ...]
    colour: str


def diagram_svg(game: Game, *, across: bool = True, width: float = 1080) -> str:
    """The picture; ``across`` lays the stages in a row, otherwise in a column (for narrow screens)."""
    stages = _stages(game)
    lanes = _lanes(game)
    return _row(game, stages, lanes, width) if across else _column(game, stages, lanes, width)


def _stages(game: Game) -> list[list[_Card]]:
    stages = [[_sender(game)], [_messages(game)]]
    levels = _levels(game)
    for level in range(max(levels) + 1):
        stages.append([_audience(game, j) for j, at in enumerate(levels) if at == level])
    if game.replies:
        stages.append([_reply(game)])
    return stages


def _levels(game: Game) -> list[int]:
    """[audience] -> how many audiences, in a chain, moved where it could see them."""
    levels: list[int] = []
    for audience in game.audiences:
        levels.append(max((levels[j] + 1 for j in audience.watches), default=0))
    return levels


def _lanes(game: Game) -> list[tuple[int, int]]:
    """Stages that hear the message from further off than the stage next to it: (from stage, to stage)."""
    levels = _levels(game)
    return [
        (1, 2 + level)
        for level in sorted(set(levels))
        if level > 0 and any(at == level and len(game.audiences[j].observations) > 1 for j, at in enumerate(levels))
    ]


def _sender(game: Game) -> _Card:
    lines: list[tuple[str, bool]] = [("knows in private", False)]
    if game.traits:
        for index, (trait, values) in enumerate(game.traits.items()):
            lines.append((trait, True))
            lines += [(f"{value}: {text(_mass(game, index, value))}", False) for value in values]
    else:
        lines += [(f"{t}: {text(p)}", False) for t, p in list(zip(game.types, game.prior, strict=True))[:SHOWN_TYPES]]
        if len(game.types) > SHOWN_TYPES:
            lines.append((f"and {len(game.types) - SHOWN_TYPES} more", False))
    return _Card(game.sender, tuple(lines), SENDER)


def _mass(game: Game, index: int, value: str) -> Rational:
    return sum((p for p, has in zip(game.prior, game.trait_values, strict=True) if has[index] == value), ZERO)


def _messages(game: Game) -> _Card:
    if game.channels:
        lines = [(f"{channel}: {', '.join(parts)}", False) for channel, parts in game.channels.items()]
    else:
        lines = [(message, False) for message in game.messages]
    everything = tuple(range(len(game.messages)))
    for t, sendable in enumerate(game.available):
        if sendable != everything:
            known = " ".join(game.trait_values[t]) if game.traits else game.types[t]
            lines.append((f"{known} can only say {' or '.join(game.messages[m] for m in sendable)}", False))
    return _Card("says one of", tuple(lines), SAYS)


def _audience(game: Game, j: int) -> _Card:
    audience = game.audiences[j]
    watched = [f"what {game.audiences[k].name} did" for k in audience.watches]
    lines: list[tuple[str, bool]] = [(f"sees {' and '.join([_heard(game, j), *watched])}", False), ("then does", True)]
    if len(set(audience.actions)) == 1:
        lines += [(action, False) for action in audience.actions[0]]
    else:
        pairs = zip(audience.observations, audience.actions, strict=True)
        lines += [(f"after {heard}: {' or '.join(labels)}", False) for heard, labels in pairs]
    return _Card(audience.name, tuple(lines), HEARS)


def _heard(game: Game, j: int) -> str:
    audience = game.audiences[j]
    if len(audience.observations) == len(game.messages):
        return "the message"
    if len(audience.observations) == 1:
        return "no message"
    seen = [name for name, parts in game.channels.items() if set(parts) == set(audience.observations)]
    return f"only the {seen[0]}" if len(seen) == 1 else f"only {', '.join(audience.observations)}"


def _reply(game: Game) -> _Card:
    where: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for (_, m, actions), labels in game.replies.items():
        done = tuple(names[a] for names, a in zip(game.actions_after(m), actions, strict=True))
        where.setdefault(labels, {})[done] = None
    lines: list[tuple[str, bool]] = [("in the end, after", False)]
    for labels, profiles in where.items():
        lines += [(f"{_condition(game, list(profiles))}:", True), (" or ".join(labels), False)]
    return _Card(f"{game.sender} replies", tuple(lines), SENDER)


def _condition(game: Game, profiles: list[tuple[str, ...]]) -> str:
    """The action profiles in words; an audience whose action makes no difference is left out."""
    everyone = [{label for labels in a.actions for label in labels} for a in game.audiences]
    matters = [
        j
        for j in range(len(game.audiences))
        if any({(*p[:j], other, *p[j + 1 :]) for other in everyone[j]} - set(profiles) for p in profiles)
    ]
    if not matters:
        return "anything"
    short = dict.fromkeys(tuple(f"{game.audiences[j].name} {p[j]}" for j in matters) for p in profiles)
    return " or ".join(", ".join(done) for done in short)


# -- drawing -----------------------------------------------------------------------------------------------------


def _laid(card: _Card, width: float) -> tuple[list[tuple[str, bool]], list[str], float]:
    """The wrapped lines, the wrapped heading, and the height of the box."""
    room = width - 2 * PAD
    lines = [(piece, bold) for words, bold in card.lines for piece in wrapped(words, room, BODY, bold)]
    heading = wrapped(card.heading, room, HEAD, True)
    return lines, heading, 2 * PAD + len(heading) * HEAD * 1.35 + len(lines) * BODY * 1.35 + 2


def _draw(card: _Card, box: Box) -> str:
    lines, heading, _ = _laid(card, box.w)
    parts = [
        rectangle(box, stroke=card.colour, width=2),
        paragraph(box.x + PAD, box.y + PAD, heading, HEAD, bold=True, fill=card.colour),
    ]
    top = box.y + PAD + len(heading) * HEAD * 1.35 + 2
    for k, (words, bold) in enumerate(lines):
        parts.append(paragraph(box.x + PAD, top + k * BODY * 1.35, [words], BODY, bold=bold))
    return "".join(parts)


def _drawn(stages: list[list[_Card]], placed: list[list[Box]]) -> list[str]:
    return [
        _draw(card, box)
        for cards, boxes in zip(stages, placed, strict=True)
        for card, box in zip(cards, boxes, strict=True)
    ]


def _title(game: Game) -> str:
    names = [a.name for a in game.audiences]
    return f"{game.sender} speaks to {', '.join(names)}, who act in that order"


def _row(game: Game, stages: list[list[_Card]], lanes: list[tuple[int, int]], width: float) -> str:
    each = min((width - GAP * (len(stages) - 1) - 2) / len(stages), 250)
    heights = [sum(_laid(card, each)[2] for card in cards) + GAP / 2 * (len(cards) - 1) for cards in stages]
    top = LANE * len(lanes) + (8 if lanes else 1)
    tall = max(heights)
    placed: list[list[Box]] = []
    for s, cards in enumerate(stages):
        y = top + (tall - heights[s]) / 2
        boxes = []
        for card in cards:
            height = _laid(card, each)[2]
            boxes.append(Box(1 + s * (each + GAP), y, each, height))
            y += height + GAP / 2
        placed.append(boxes)
    parts = _drawn(stages, placed)
    for here, there in pairwise(placed):
        parts += [arrow([(a.right + 2, _shared(a, b)), (b.x - 3, _shared(b, a))]) for a in here for b in there]
    for k, (start, end) in enumerate(lanes):
        for box in placed[end]:
            first, y, shift = placed[start][0], top - 6 - LANE * k - LANE / 2, 14 * k
            parts.append(
                arrow(
                    [
                        (first.middle[0] + shift, first.y - 2),
                        (first.middle[0] + shift, y),
                        (box.middle[0], y),
                        (box.middle[0], box.y - 3),
                    ],
                    stroke=SAYS,
                    dash="5 3",
                )
            )
    return svg(placed[-1][0].right + 1, top + tall + 2, parts, _title(game), css_class="diagram wide")


def _shared(a: Box, b: Box) -> float:
    """A height that lies inside *a*, the one of *b*'s middle where possible."""
    return min(max(b.middle[1], a.y + 14), a.bottom - 14)


def _column(game: Game, stages: list[list[_Card]], lanes: list[tuple[int, int]], width: float) -> str:
    hearing = lanes + [(1, 2)] * (len(stages[2]) > 1)
    edge = LANE * len(hearing) + (6 if hearing else 0)
    room = width - edge - 2
    y = 1.0
    placed: list[list[Box]] = []
    for cards in stages:
        boxes = []
        for card in cards:
            height = _laid(card, room)[2]
            boxes.append(Box(1, y, room, height))
            y += height + GAP * 0.7
        placed.append(boxes)
    parts = _drawn(stages, placed)
    for here, there in pairwise(placed):
        (x, _), (end, _) = here[-1].middle, there[0].middle
        parts.append(arrow([(x, here[-1].bottom + 2), (end, there[0].y - 3)], stroke=INK))
    for k, (start, end) in enumerate(hearing):
        for box in placed[end][end == start + 1 :]:
            x, first = 1 + room + 6 + LANE * k + 4, placed[start][0]
            parts.append(
                arrow(
                    [
                        (first.right + 2, first.middle[1] + 12 * k),
                        (x, first.middle[1] + 12 * k),
                        (x, box.middle[1]),
                        (box.right + 3, box.middle[1]),
                    ],
                    stroke=SAYS,
                    dash="5 3",
                )
            )
    return svg(width, y - GAP * 0.7 + 2, parts, _title(game), css_class="diagram narrow")
