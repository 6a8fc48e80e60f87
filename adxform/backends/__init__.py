"""From source text to something callable."""
