"""Control groups: where a container's processes are, and what they may use (config-linux.md#control-groups, cgroups(7))."""
