"""Makes the options of a hunt known wherever a path of this package is on pytest's command line."""

from fuzz.plugin import pytest_addoption, pytest_cmdline_main

__all__ = ["pytest_addoption", "pytest_cmdline_main"]
