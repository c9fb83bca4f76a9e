"""Certificates and summaries, made from results files alone."""
