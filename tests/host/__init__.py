"""The session jail, the cgroup views and the facts, on this host."""
