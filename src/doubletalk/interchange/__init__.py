"""Games carried to other programs and back: Gambit's extensive-form files."""

from doubletalk.interchange.efg import from_efg, to_efg

__all__ = ["from_efg", "to_efg"]
