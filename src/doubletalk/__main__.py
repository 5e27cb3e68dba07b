"""``python -m doubletalk``: the command line."""

from doubletalk.cli import main

if __name__ == "__main__":
    main()
