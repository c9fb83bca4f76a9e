"""Tests of driving containers."""
