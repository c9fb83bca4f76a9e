"""The certification tests: cases x expectations, one test item for each question."""
