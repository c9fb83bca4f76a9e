"""Tests of specs/."""
