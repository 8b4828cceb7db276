"""For operators: `sandik doctor` and `sandik top`, and the facts that both show."""
