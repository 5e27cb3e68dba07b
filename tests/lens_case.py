"""A small case with a chronicle, two codings, a long game, lenses and claims about the posterior."""

from __future__ import annotations

from pathlib import Path

import numpy as np

GAME = """
doubletalk: 1
title: Talk
sender: {name: speaker, types: {good: 1/3, bad: 2/3}, messages: [hello, silence]}
audiences: {hearer: {actions: [trust, shun]}}
payoffs:
  speaker: [{when: {hearer: trust}, add: 1}, {when: {message: hello}, add: -1/10}]
  hearer: [{when: {type: good, hearer: trust}, add: 1}, {when: {type: bad, hearer: trust}, add: -1}]
"""
LONG = """
doubletalk_longgame: 1
title: Doors
period: quarter
discount: 0.6
beliefs: 4
informed: {actor: client, stances: {captive: {leaves: 0.02}, hedger: {leaves: 0.03}}, belief: 1/2}
actors:
  client: {moves: [hold, strike]}
  west: {moves: [hold, sanction]}
states:
  door: {levels: [open, shut], rules: [{when: {west: sanction}, up: 1/2}, {down: 1/4}]}
coefficients:
  cost: {value: 0.5, prior: {half_normal: 1}, means: striking has a price}
  prize: {value: 1, prior: {normal: [0, 1]}, means: what a hedger has of an open door}
  mind: {value: 0.7, prior: {normal: [0, 1]}, means: the west minds a strike}
payoffs:
  client:
    - {coefficient: cost, add: -1, when: {client: strike}}
    - {coefficient: prize, when: {stance: hedger, client: hold, door: open}}
  west:
    - {coefficient: mind, when: {client: strike, west: sanction}}
"""
LENSES = """\
doubletalk_lenses: 1
title: Two accounts and both
note: They differ in the stance.
lenses:
  mixed: {means: either}
  hedger: {means: a hedger, stance: hedger, who: me, source: book, sentence: It hedges.}
  bare:
    means: no prize
    stance: captive
    held:
      mind: {at: 0, because: not named, source: book}
    priors: {cost: {half_normal: 2}}
"""
CASE = """\
doubletalk_case: 1
title: Doors
as_of: 2014-12-31
games: {talk: talk.yaml}
claims: claims.yaml
sources: sources.bib
record: true
longgame: long.yaml
lenses: lenses.yaml
"""
CLAIMS = """\
sides: {me: Myself}
claims:
  - {id: liked, who: me, says: It is a hedger in the end., of: X,
     statement: "posterior: P(hedger at 2014Q4) > 1/20"}
  - {id: priced, who: me, says: Striking has a price., statement: "posterior: P(coefficient cost > 2/100) > 1/2"}
  - {id: idle, who: me, says: Nothing., statement: "posterior: lens bare: P(coefficient prize > 0) > 1/2"}
"""
CODING = """\
doubletalk_coding: 1
title: Every act counts
first: 2008Q1
actors:
  client:
    moves: [hold, strike]
    rules: [{move: strike, action: provoke, by: BLR}]
  west:
    moves: [hold, sanction]
    rules: [{move: sanction, action: sanction, by: western}]
states:
  door:
    levels: [open, shut]
    ladder:
      - {action: sanction, by: western, at_least: shut}
      - {action: lift, by: western, at_most: open}
"""
HEAD = "id,date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"


def write_case(folder: Path) -> Path:
    """The case in *folder*: some 28 quarters of strikes and sanctions, drawn once and for all."""
    random = np.random.default_rng(4)
    rows, months = [], {1: "01", 2: "04", 3: "07", 4: "10"}
    for year in range(2008, 2015):
        for quarter, month in months.items():
            acts = [("BLR", "EU", "provoke", 0.35), ("EU", "BLR", "sanction", 0.3), ("EU", "BLR", "lift", 0.2)]
            for k, (actor, target, action, chance) in enumerate(acts):
                if random.random() < chance:
                    size = 1 + int(random.random() < 0.5)
                    name, date = f"{year}-{month}-{actor.lower()}-{action}-1", f"{year}-{month}-{10 + k}"
                    told = f"In quarter {quarter} it happened.,A page,https://example.org/{year},sourced"
                    rows.append(f"{name},{date},day,{actor},{target},{action},{size},{told}")
    strict = CODING.replace("Every act", "Every notable act").replace("by: BLR}", "by: BLR, size: [notable, major]}")
    texts = {
        "talk.yaml": GAME, "long.yaml": LONG, "lenses.yaml": LENSES, "case.yaml": CASE, "claims.yaml": CLAIMS,
        "coding.yaml": CODING, "coding-strict.yaml": strict, "chronicle.csv": HEAD + "\n".join(rows) + "\n",
        "sources.bib": "@book{book,\n title = {A book},\n url = {https://example.org/book},\n}\n",
        "series.csv": "series,date,value,unit,source_title,source_url,confidence\n",
        "calendar.csv": "id,date,kind,name,note,source_title,source_url,confidence\n",
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
