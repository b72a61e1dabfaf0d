"""What completing a step of a complaint writes: one module per group of steps."""
