"""The page that a reviewer can be sent."""
