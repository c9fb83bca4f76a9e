"""The reference runtime's own tests."""
