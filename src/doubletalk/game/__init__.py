"""What can be played: the game as a value, the game file that describes it."""
