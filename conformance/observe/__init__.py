"""Look at a container's process from the host: what is really there, as plain data of `conformance.record`.

Nothing is judged here, and nothing of the container is changed.

    snapshot.py   one look at everything          wants.py        which extended parts a config asks for
    process.py    /proc/PID and scheduling        mounts.py       its mount table
    namespaces.py which it is in                  cgroups.py      where it belongs, and the control files
    seccomp.py    the filters in force            devices.py      device programs of cgroup v2
    inside.py     a thread within its namespaces  network.py, sysctl.py, uts.py: what is read from there
    files.py      paths within its root           leaks.py        what a container left behind
    procfs.py     reading one /proc/PID directory errors.py       ProcessGone
"""
