"""Forecasts of moves: rival forecasters, scores, and evaluation from rolling origins."""
