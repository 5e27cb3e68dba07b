"""The commands, one module each; ``doubletalk.cli`` puts them together."""
