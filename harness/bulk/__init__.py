"""Scenarios by the thousand: one a line, in files that are written and read as a stream."""
