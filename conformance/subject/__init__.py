"""The runtime under test: found, identified and called, whatever it does in return.

    spawn.py     runs one program: time-out, bounded output, hooks answered meanwhile
    adapter.py   how a runtime wants to be called, as data; adapters/*.toml are those that come along
    identify.py  from `--runtime=VALUE` to a program, and what that program says of itself
    runtime.py   one call per operation, each with its transcript
    hooks.py     stops each hook process, looks at it (hook_process.py), lets it go
    protocol.md  what a runtime must speak to be tested, and what is measured

Nothing here knows what a container should look like: that is for the expectations.
"""
