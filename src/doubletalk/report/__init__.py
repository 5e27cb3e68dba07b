"""The written report and every figure."""
