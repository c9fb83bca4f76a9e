"""Generate bundles, defects and lifecycles, and hunt: what is wrong is told by the expectations of `conformance`, never here.

strategies/   Hypothesis strategies: a property of the config is one small function
engine/       budgets, seeds, the loop, coverage, corpus, what survives a kill
campaigns/    the pytest modules that hunt                     corpus/   found cases, replayed by every run
"""
