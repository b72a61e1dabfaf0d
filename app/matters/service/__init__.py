"""What completing a step of a matter writes: one module per group of steps."""
