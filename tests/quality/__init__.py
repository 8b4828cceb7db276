"""How good the answers are, on real posts and attested forms that the repository may not hold."""
