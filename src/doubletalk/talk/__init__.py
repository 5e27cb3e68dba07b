"""What talk is worth: commitment, silence, disclosure, channels, and who gains by what is said (theory, section 8)."""

from doubletalk.talk.channels import private_version, public_version
from doubletalk.talk.commitment import commitment
from doubletalk.talk.commitment_data import Commitment, Signal
from doubletalk.talk.pooling import Pooling, pooling
from doubletalk.talk.ranges import Range
from doubletalk.talk.silence import Disclosure, Silence, full_disclosure, silence
from doubletalk.talk.taxonomy import Taxonomy, taxonomy
from doubletalk.talk.worth import TalkWorth, value_of_talk

__all__ = [
    "Commitment",
    "Disclosure",
    "Pooling",
    "Range",
    "Signal",
    "Silence",
    "TalkWorth",
    "Taxonomy",
    "commitment",
    "full_disclosure",
    "pooling",
    "private_version",
    "public_version",
    "silence",
    "taxonomy",
    "value_of_talk",
]
