"""What is kept about containers between two calls of the runtime: the state directory, and who a process is."""
