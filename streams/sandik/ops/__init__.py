"""For those who run the workers: `sandik doctor` and `sandik top`, and what both find out."""
