"""Drive one case: build its bundle, perform its operations on the runtime, observe, clean up; the product is a Record.

calls.py          calling the runtime, with hooks and the seccomp agent attended to
container.py      one container under test, operation by operation
conversation.py   the talk with its program, through pipes or a terminal
driver.py         a whole case, with its twins
reaper.py         processes, mounts and cgroups that are left when a runtime misbehaved
traces.py         what was there before the container, and what is there after it
"""
