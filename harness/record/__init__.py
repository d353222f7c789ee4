"""Making scenarios of what was recorded elsewhere."""
