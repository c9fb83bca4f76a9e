"""What carries a plan out. Each effect says with `describe()` what it does, and does it with `execute(stage)`."""
