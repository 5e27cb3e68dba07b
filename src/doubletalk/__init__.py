"""Doubletalk: what a speaker can credibly say to several audiences at once, and what each should do about it."""

__version__ = "0.1.0"
