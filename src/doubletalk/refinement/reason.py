"""The answer of a refinement for one outcome: the verdict and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from doubletalk.exact import Rational

__all__ = ["Finding", "Reason", "Ruling"]


@dataclass(frozen=True)
class Ruling:
    """One belief that is ruled out: type, message, and the inequality that does it, in words with exact numbers."""

    type: str
    message: str
    words: str


@dataclass(frozen=True)
class Finding:
    """What a test says about one unsent message.

    ``verdict``    True: passes, False: fails, None: undecided
    ``type``       a type that the failure turns on, None where there is none
    ``deviation``  type -> (what the message pays it, what the outcome pays it), where that decides
    ``believed``   types that may still be believed in after the message
    """

    verdict: bool | None
    words: str
    type: str | None = None
    deviation: Mapping[str, tuple[Rational, Rational]] = field(default_factory=dict)
    believed: tuple[str, ...] = ()
    ruled_out: tuple[Ruling, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why an outcome survives a refinement (``verdict`` True), does not (False), or cannot be judged (None).

    ``words``       one or two sentences
    ``type``, ``message``  whose deviation decides and to what; None where nothing of the kind does
    ``deviation``   type -> (payoff of the deviation, payoff in the outcome)
    ``beliefs``     unsent message -> the types that may still be believed in there
    ``ruled_out``   the beliefs ruled out, each with its inequality
    """

    verdict: bool | None
    words: str
    type: str | None = None
    message: str | None = None
    deviation: Mapping[str, tuple[Rational, Rational]] = field(default_factory=dict)
    beliefs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ruled_out: tuple[Ruling, ...] = ()
