"""Which format a source is in, told from its beginning."""
