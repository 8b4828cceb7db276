"""The built-in lexicon: one TOML per tag, the forms made from it, and what makes them (never run live)."""
