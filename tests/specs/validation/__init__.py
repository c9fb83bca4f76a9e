"""Tests of how documents are judged by themselves."""
