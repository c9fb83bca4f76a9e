"""Expectations on hand-made records: each seen to pass, to accuse, and to abstain."""
