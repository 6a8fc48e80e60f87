"""From Core to readable Python: names, expressions, comments, text."""
