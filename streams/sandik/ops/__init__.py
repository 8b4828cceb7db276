"""For operators: `sandik doctor`, `sandik top`, `sandik ask`, and the schema registry."""
