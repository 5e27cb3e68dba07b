"""The words a chronicle may use: actions, actors, groups of actors. A case adds its own in ``vocabulary.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["CONFIDENCES", "INTENSITIES", "PRECISIONS", "STANDARD", "EventName", "Vocabulary"]

PRECISIONS = ("day", "month", "year")
CONFIDENCES = ("sourced", "recalled")
INTENSITIES: Mapping[str, int] = MappingProxyType({"minor": 1, "notable": 2, "major": 3})

_ACTIONS = MappingProxyType(
    {
        "repress": "arrests, convictions, closures, stolen votes",
        "release": "prisoners freed",
        "ease": "rules at home relaxed",
        "sanction": "a penalty imposed or tightened",
        "lift": "a penalty suspended, shortened or ended",
        "engage": "a visit, an agreement, a restored contact",
        "demand": "relief tied to stated steps",
        "support": "money, markets or backing given",
        "squeeze": "supplies, money or markets withheld",
        "integrate": "a step of union or of control ceded",
        "defy": "a refusal or a counter-measure",
        "provoke": "a hostile act towards another state",
        "court": "an appeal or a service meant to please",
        "alarm": "a warning that an enemy is coming",
        "plead": "a request for money, markets or prices",
    }
)
_ACTORS = MappingProxyType(
    {
        "BLR": "Belarus, its government",
        "RUS": "Russia",
        "EU": "the European Union or its members acting as one",
        "USA": "the United States",
        "WEST": "several Western states together, or the West without distinction",
        "POL": "Poland",
        "LTU": "Lithuania",
        "LVA": "Latvia",
        "UKR": "Ukraine",
        "OPP": "the opposition and civil society in Belarus",
        "OTHER": "any other state or body",
    }
)
_GROUPS = MappingProxyType({"western": ("EU", "USA", "WEST", "POL", "LTU", "LVA")})


class EventName(NamedTuple):
    """How event data write an actor: name, country, sector."""

    name: str
    country: str
    sector: str


_EVENT_NAMES = MappingProxyType(
    {
        "BLR": EventName("Belarus", "BLR", "GOV"),
        "OPP": EventName("Opposition of Belarus", "BLR", "OPP"),
        "RUS": EventName("Russia", "RUS", "GOV"),
        "EU": EventName("European Union", "", "IGO"),
        "USA": EventName("United States", "USA", "GOV"),
        "WEST": EventName("Western states", "", "GOV"),
        "POL": EventName("Poland", "POL", "GOV"),
        "LTU": EventName("Lithuania", "LTU", "GOV"),
        "LVA": EventName("Latvia", "LVA", "GOV"),
        "UKR": EventName("Ukraine", "UKR", "GOV"),
        "OTHER": EventName("Other", "", ""),
    }
)


@dataclass(frozen=True)
class Vocabulary:
    """Known actions and actors (word: meaning), groups (word: its actors), and actors as event data write them.

    alike  an action of the case's own -> the standard action as which event data write it
    """

    actions: Mapping[str, str] = field(default_factory=lambda: _ACTIONS)
    actors: Mapping[str, str] = field(default_factory=lambda: _ACTORS)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _GROUPS)
    event_names: Mapping[str, EventName] = field(default_factory=lambda: _EVENT_NAMES)
    alike: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def extended(
        self,
        actions: Mapping[str, str] | None = None,
        actors: Mapping[str, str] | None = None,
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Vocabulary:
        """The same words and more; a word given again gets the new meaning."""
        return replace(
            self,
            actions=MappingProxyType({**self.actions, **(actions or {})}),
            actors=MappingProxyType({**self.actors, **(actors or {})}),
            groups=MappingProxyType({**self.groups, **(groups or {})}),
        )


STANDARD = Vocabulary()
