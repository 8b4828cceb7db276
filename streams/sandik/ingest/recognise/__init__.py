"""Recognises the format of a source by its beginning."""
