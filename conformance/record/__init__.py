"""The record: everything that happened to one container, as pure data.

Drivers and observers write these types, expectations read them; nothing here does I/O.

    host.py        what this host and this lane offer           runtime.py   what the runtime says of itself
    operation.py   one call of the runtime, with its result     snapshot.py  what the host saw of the container
    probe.py       actions for the probe, and its answers       hook.py      what a hook received
    leak.py        what was left behind                         record.py    all of it, in order
"""
