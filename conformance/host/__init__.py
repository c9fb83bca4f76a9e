"""The host: what it offers, and the session jail that keeps the harness from leaving anything on it.

Nothing here knows of runtimes or verdicts.

kernel.py        system calls that the standard library lacks, one thin function each
hierarchies.py   which cgroup hierarchies there are, and where a session's own cgroup goes in each
cgroup_views.py  the lanes: the host's layout, a v1 view, a v2 view
jail.py          runs a command as pid 1 of private pid, mount and cgroup namespaces
janitor.py       what stays outside: claims directories, relays signals, removes all at the end
facts.py         what can be tested here, as seen from inside the jail
"""
