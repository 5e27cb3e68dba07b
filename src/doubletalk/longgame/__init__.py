"""The long game: a relationship over time, with reputation as a state. See docs/longgame.md."""
