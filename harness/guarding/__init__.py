"""The guard: no piece of the control leaves the repository that nobody cleared."""
