"""Rules on the documents of the runtime spec, by chapter."""

from specs.validation.rules import Rule
from specs.validation.runtime import common, features, linux, platforms, process, state

CONFIG_RULES: tuple[Rule, ...] = (*common.RULES, *process.RULES, *linux.RULES, *platforms.RULES)
STATE_RULES: tuple[Rule, ...] = state.RULES
FEATURES_RULES: tuple[Rule, ...] = features.RULES
