"""What is said together, and how often the same: what `sandik words` and `sandik copies` run."""
