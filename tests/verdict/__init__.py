"""Tests of conformance/verdict."""
