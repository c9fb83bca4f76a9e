"""Reads config.json and refuses what is invalid or unsupported before anything is changed."""
