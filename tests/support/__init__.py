"""What tests share: import from here, never from conftest."""
