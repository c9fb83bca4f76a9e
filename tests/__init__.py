"""The project's own tests, a folder per room."""
