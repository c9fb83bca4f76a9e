"""Turns a checked config into effects: pure functions, nothing outside is looked at or changed."""
