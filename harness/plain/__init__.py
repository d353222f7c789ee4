"""A kit and a world ready made, for engines of any domain."""
