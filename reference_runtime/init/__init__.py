"""What runs inside: the stages of the container's first process, and the small program that makes its last calls."""
