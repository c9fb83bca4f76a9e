"""linux.seccomp: compiled to a filter, installed, its notifications handed over."""
