"""The surface audit: every function that writes, who owns it, and what nobody can tell."""
