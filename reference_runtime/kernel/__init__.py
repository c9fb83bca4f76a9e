"""System calls that Python has no function for, one thin function each, named as in the kernel."""
