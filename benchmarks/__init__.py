"""What the harness costs beside the runtime that it certifies. Measures and tells; asserts nothing."""
