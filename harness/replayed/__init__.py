"""The control as a recording: what it asked of a world and did, for every answer it was given."""
