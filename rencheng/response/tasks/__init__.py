"""Tasks of response plans: plans by place and level, and the state machine of a task."""
