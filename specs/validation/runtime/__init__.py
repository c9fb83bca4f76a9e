"""Rules on the documents of the runtime spec, by chapter."""

from specs.validation.rules import Rule

CONFIG_RULES: tuple[Rule, ...] = ()
STATE_RULES: tuple[Rule, ...] = ()
FEATURES_RULES: tuple[Rule, ...] = ()
