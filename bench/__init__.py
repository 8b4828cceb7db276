"""`make bench`: sandik and its peers, on one broker, with the same posts. bench/README.md says how."""
