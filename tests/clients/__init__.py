"""Container engines as people use them, over the reference runtime."""
