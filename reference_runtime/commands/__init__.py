"""One module for each operation. `FLAGS` are its flags, `run(call)` carries it out and returns the exit status."""
