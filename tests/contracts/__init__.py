"""Files that say the same thing twice must agree."""
