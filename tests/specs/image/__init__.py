"""Tests of what judges image documents and layouts."""
