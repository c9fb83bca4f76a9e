"""The observers, on real processes and containers."""
