"""The run store: what runs found, kept in a database, and told as a history."""
