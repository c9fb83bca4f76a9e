"""The BPF evaluators."""
