"""Expectations: for each requirement, when it applies, what to ask the probe, how to judge a record. All pure.

`contract.py` says what an expectation is; one module per chapter of the spec holds them; `EXPECTATIONS` in
`all.py` lists every one. To add one, see CONTRIBUTING.md.
"""
