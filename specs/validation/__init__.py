"""Judges documents alone: reading, schemas, rules, findings."""
