"""Bytes and texts of sources: unpacked, split into records, and made plain."""
