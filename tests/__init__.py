"""What the code must do: laws in the names, proofs in the bodies."""
