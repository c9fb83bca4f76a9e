"""Hypothesis strategies for valid configs: a base config plus a few features that compose and shrink.

feature.py   what a feature is, and how several become one case      config.py   all of them together
the others   one small function per property; to add a property, write one and list it in its module's PROPERTIES
"""
