"""Our actions in the words of the field: PLOVER event types and modes, CAMEO roots, quad classes, Goldstein values.

PLOVER's types and modes are those of its manual (Open Event Data Alliance) and of the POLECAT data; the crosswalk from
CAMEO codes follows the alliance's table of 2021, so that an embargo is COERCE/restrict and aid that stops is
SANCTION/discontinue. The Goldstein value is that of the CAMEO root (Goldstein 1992; as GDELT prints it).

Event data say what was done in general words, by whom to whom. Which of our actions that is depends on who the two are:
so every type and mode belongs to a **family**, and the family together with the roles of the two gives the action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["GOLDSTEIN", "PLOVER", "PloverCode", "action_of", "family_of_cameo", "family_of_plover"]


@dataclass(frozen=True)
class PloverCode:
    """How one of our actions is written: event type, mode, context, the nearest CAMEO root, quad class."""

    event_type: str
    mode: str
    context: str
    cameo_root: str
    quad: str

    @property
    def goldstein(self) -> float:
        """Goldstein value of the CAMEO root."""
        return GOLDSTEIN[self.cameo_root]


_VC, _MC, _VX, _MX = "VERBAL COOPERATION", "MATERIAL COOPERATION", "VERBAL CONFLICT", "MATERIAL CONFLICT"
GOLDSTEIN: Mapping[str, float] = MappingProxyType(
    {
        "01": 0.0, "02": 3.0, "03": 4.0, "04": 1.0, "05": 3.5, "06": 6.0, "07": 7.0, "08": 5.0, "09": -2.0, "10": -5.0,
        "11": -2.0, "12": -4.0, "13": -6.0, "14": -6.5, "15": -7.2, "16": -4.0, "17": -7.0, "18": -9.0, "19": -10.0,
        "20": -10.0,
    }
)  # fmt: skip
PLOVER: Mapping[str, PloverCode] = MappingProxyType(
    {
        "repress": PloverCode("COERCE", "arrest", "legal", "17", _MX),
        "release": PloverCode("RETREAT", "release", "legal", "08", _MC),
        "ease": PloverCode("CONCEDE", "", "democracy", "08", _MC),
        "sanction": PloverCode("COERCE", "restrict", "diplomatic", "16", _MX),
        "lift": PloverCode("RETREAT", "ease", "economic", "08", _MC),
        "engage": PloverCode("CONSULT", "visit", "diplomatic", "04", _VC),
        "demand": PloverCode("REQUEST", "change", "political_institutions", "10", _VX),
        "support": PloverCode("AID", "", "economic", "07", _MC),
        "squeeze": PloverCode("SANCTION", "discontinue", "economic", "16", _MX),
        "integrate": PloverCode("COOPERATE", "", "economic", "06", _MC),
        "defy": PloverCode("REJECT", "change", "diplomatic", "12", _VX),
        "provoke": PloverCode("COERCE", "", "diplomatic", "17", _MX),
        "court": PloverCode("AGREE", "", "diplomatic", "03", _VC),
        "alarm": PloverCode("ACCUSE", "disapprove", "military", "11", _VX),
        "plead": PloverCode("REQUEST", "assist", "economic", "02", _VX),
    }
)
LAST_ROOT = 20
_LAST = {"2": "8", "3": "9", "4": "6", "5": "7", "6": "4", "7": "5", "8": "7", "9": "4"}
"""The last code under each of the roots 02 to 09: 028, 039, 046, ..."""
_TYPES = MappingProxyType(
    {
        "AGREE": "intend", "CONSULT": "consult", "SUPPORT": "endorse", "CONCEDE": "concede", "COOPERATE": "cooperate",
        "AID": "aid", "RETREAT": "step back", "REQUEST": "demand", "DEMAND": "demand", "ACCUSE": "accuse",
        "REJECT": "reject", "THREATEN": "threaten", "PROTEST": "protest", "MOBILIZE": "mobilize",
        "SANCTION": "withhold", "COERCE": "act hostilely", "ASSAULT": "assault",
    }
)  # fmt: skip
_MODES = MappingProxyType(
    {
        ("RETREAT", "release"): "release",
        ("RETREAT", "ease"): "ease penalty",
        ("REQUEST", "assist"): "appeal",
        ("DEMAND", "assist"): "appeal",
        ("COERCE", "restrict"): "restrict",
        ("COERCE", "arrest"): "coerce",
        ("COERCE", "ban"): "coerce",
        ("COERCE", "censor"): "coerce",
        ("COERCE", "curfew"): "coerce",
        ("COERCE", "martial-law"): "coerce",
        ("SANCTION", "convict"): "coerce",
        ("SANCTION", "expel"): "act hostilely",
    }
)
_CAMEO = MappingProxyType(
    {
        "02": "appeal", "03": "intend", "04": "consult", "05": "endorse", "06": "cooperate", "07": "aid",
        "08": "concede", "084": "release", "0842": "step back", "085": "ease penalty", "086": "step back",
        "087": "step back", "09": "accuse", "10": "demand", "101": "appeal", "103": "appeal", "11": "accuse",
        "116": "coerce", "12": "reject", "13": "threaten", "14": "protest", "15": "mobilize", "16": "withhold",
        "163": "restrict", "166": "act hostilely", "17": "coerce", "18": "assault", "19": "assault", "20": "assault",
    }
)  # fmt: skip
_ANY = ("client", "home", "patron", "west", "other")
_STATES = ("patron", "west", "other")
_RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...] = (
    ("appeal", ("client",), ("patron",), "plead"),
    ("appeal", ("client",), ("west", "other"), "court"),
    ("appeal", ("west", "other"), ("client",), "demand"),
    ("intend", ("client",), ("west", "other"), "court"),
    ("intend", ("west", "patron", "other"), ("client", "home"), "engage"),
    ("intend", ("client",), ("patron",), "engage"),
    ("consult", _ANY, _ANY, "engage"),
    ("endorse", ("patron",), ("client",), "support"),
    ("endorse", ("client", "west", "other"), _ANY, "engage"),
    ("cooperate", ("client", "patron"), ("client", "patron"), "integrate"),
    ("cooperate", ("client", "west", "other"), ("client", "west", "other"), "engage"),
    ("aid", _STATES, ("client",), "support"),
    ("aid", _STATES, ("home",), "engage"),
    ("concede", ("client",), _ANY, "ease"),
    ("concede", ("west", "other"), ("client",), "lift"),
    ("release", ("client",), _ANY, "release"),
    ("ease penalty", ("west", "other"), ("client",), "lift"),
    ("demand", ("west", "other"), ("client",), "demand"),
    ("accuse", ("client",), _STATES, "alarm"),
    ("reject", ("client",), _STATES, "defy"),
    ("threaten", ("client",), ("west", "other"), "provoke"),
    ("threaten", ("patron",), ("client",), "squeeze"),
    ("threaten", ("other",), ("client",), "provoke"),
    ("mobilize", ("client", "patron"), ("west", "other"), "provoke"),
    ("mobilize", ("client",), ("home",), "repress"),
    ("mobilize", ("other",), ("client",), "provoke"),
    ("withhold", ("patron",), ("client",), "squeeze"),
    ("withhold", ("west", "other"), ("client",), "sanction"),
    ("withhold", ("client",), _STATES, "defy"),
    ("restrict", ("west", "other"), ("client",), "sanction"),
    ("restrict", ("patron",), ("client",), "squeeze"),
    ("restrict", ("client",), _STATES, "defy"),
    ("restrict", ("client",), ("home",), "repress"),
    ("coerce", ("client",), ("home",), "repress"),
    ("coerce", ("client", "patron"), _STATES, "provoke"),
    ("coerce", ("other",), ("client",), "provoke"),
    ("act hostilely", ("client",), ("home",), "repress"),
    ("act hostilely", ("client", "patron"), _STATES, "provoke"),
    ("act hostilely", ("other",), ("client",), "provoke"),
    ("assault", ("client",), ("home",), "repress"),
    ("assault", ("client", "patron"), _STATES, "provoke"),
    ("assault", ("other",), ("client",), "provoke"),
)


def family_of_plover(event_type: str, mode: str) -> str | None:
    """The family of a PLOVER event type (upper or lower case) and mode; None for a type that is not known."""
    kind = event_type.strip().upper()
    return _MODES.get((kind, mode.strip().casefold()), _TYPES.get(kind))


def family_of_cameo(code: str) -> str | None:
    """The family of a CAMEO code, by its longest known beginning; None for a statement (01) or an unknown code.

    A leading zero that a spreadsheet took away is put back where there is no doubt: 42 is 042, for no root is above 20.
    Of two digits, 10 to 20 stay what they are.
    """
    text = code.strip()
    lost = len(text) == 1 or (text[:2].isdigit() and int(text[:2]) > LAST_ROOT and text[1] <= _LAST[text[0]])
    text = "0" + text if lost else text
    return next((_CAMEO[text[:n]] for n in range(min(len(text), 4), 1, -1) if text[:n] in _CAMEO), None)


def action_of(family: str, actor: str, target: str) -> str | None:
    """Our action for a family of event between two roles (client, home, patron, west, other), or None."""
    return next((a for f, who, whom, a in _RULES if f == family and actor in who and target in whom), None)
