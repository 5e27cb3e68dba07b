"""A small case with a long game and a chronicle of random deeds, for the tests of forecasts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

LONG_GAME = """
doubletalk_longgame: 1
title: Small
period: quarter
discount: 0.8
beliefs: 3
informed: {actor: client, stances: {low: {leaves: 0.05}, high: {leaves: 0.05}}, belief: 1/2}
actors:
  client:
    moves: {deed: [hold, strike], message: [none, court]}
  west: {moves: [hold, punish, ease]}
states:
  fear: {levels: [calm, tense], rules: [{when: {deed: strike}, up: 1/2}, {down: 1/4}]}
  walls: {levels: [none, some], rules: [{when: {west: punish}, up: 1}, {when: {west: ease}, down: 1}]}
  luck: {levels: [good, bad], markov: [[0.9, 0.1], [0.7, 0.3]]}
coefficients:
  price: {value: 1, prior: {normal: [0, 1]}, means: striking has a price}
  walls_hurt: {value: 0.7, prior: {normal: [0, 1]}, means: walls hurt}
  court_cost: {value: 0.5, prior: {normal: [0, 1]}, means: courting has a price}
  mind: {value: 0.6, prior: {normal: [0, 1]}, means: the west minds tension}
  effort: {value: 0.5, prior: {normal: [0, 1]}, means: acting has a price for the west}
payoffs:
  client:
    - {coefficient: price, add: -1, when: {deed: strike}}
    - {coefficient: walls_hurt, add: -1, when: {walls: some, stance: high}}
    - {coefficient: court_cost, add: -1, when: {message: court}}
  west:
    - {coefficient: mind, add: -1, when: {fear: tense}}
    - {coefficient: effort, add: -1, when: {west: [punish, ease]}}
"""
CODING = """doubletalk_coding: 1
title: A small coding
first: 2004Q1
actors:
  client:
    deed:
      moves: [hold, strike]
      rules:
        - {move: strike, action: repress, by: BLR}
    message:
      moves: [none, court]
      rules:
        - {move: court, action: court, by: BLR}
  west:
    moves: [hold, punish, ease]
    precedence: [punish, ease]
    rules:
      - {move: punish, action: sanction, by: western}
      - {move: ease, action: lift, by: western}
states:
  fear:
    levels: [calm, tense]
    when: start
    stock: {keep: 0.5, cuts: [2], add: [{action: repress, by: BLR}]}
  walls:
    levels: [none, some]
    when: start
    ladder:
      - {action: sanction, by: western, at_least: some}
      - {action: lift, by: western, at_most: none}
  luck:
    levels: [good, bad]
    when: quarter
    marks:
      - {level: bad, votes: fixed}
"""
GAME = """
doubletalk: 1
title: Talk
sender: {name: speaker, types: {good: 1/3, bad: 2/3}, messages: [hello, silence]}
audiences: {hearer: {actions: [trust, shun]}}
payoffs:
  speaker: [{when: {hearer: trust}, add: 1}, {when: {message: hello}, add: -1/10}]
  hearer: [{when: {type: good, hearer: trust}, add: 1}, {when: {type: bad, hearer: trust}, add: -1}]
"""
CASE = """
doubletalk_case: 1
title: A case
as_of: {as_of}
games: {{talk: talk.yaml}}
claims: claims.yaml
record: true
longgame: longgame.yaml
"""
CLAIMS = """
sides: {me: Myself}
claims:
  - {id: talks, who: me, says: It talks., statement: "in some equilibrium: P(message=hello) > 0"}
"""
HEAD = "id,date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"
DEEDS = (("BLR", "BLR", "repress"), ("BLR", "EU", "court"), ("EU", "BLR", "sanction"), ("EU", "BLR", "lift"))


def row(name: str, date: dt.date, actor: str, target: str, action: str) -> str:
    """One row of a chronicle."""
    return f"{name},{date},day,{actor},{target},{action},2,Text,,,recalled\n"


def deeds(start: int, end: int, seed: int, prefix: str = "r") -> str:
    """Rows of deeds in the quarters from *start* to *end* (years, the last left out), each with its own chance."""
    random, rows = np.random.default_rng(seed), []
    for quarter in range(4 * start, 4 * end):
        year, month = quarter // 4, 3 * (quarter % 4) + 1
        for k, (actor, target, action) in enumerate(DEEDS):
            if random.random() < (0.35, 0.4, 0.3, 0.2)[k]:
                date = dt.date(year, month + int(random.integers(3)), int(random.integers(1, 28)))
                rows.append(row(f"{prefix}{quarter}-{k}", date, actor, target, action))
    return "".join(rows)


def make_case(folder: Path, rows: str, as_of: str = "2015-12-31", coding: str = CODING, long: str = LONG_GAME) -> Path:
    """The case in a folder."""
    files = {
        "case.yaml": CASE.format(as_of=as_of), "claims.yaml": CLAIMS, "talk.yaml": GAME, "longgame.yaml": long,
        "coding.yaml": coding, "chronicle.csv": HEAD + rows, "calendar.csv": "date,kind\n2006-03-19,presidential\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
