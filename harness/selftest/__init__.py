"""The harness tried on divergences that are known to be there, in every gate."""
