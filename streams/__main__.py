"""`python -m streams` is the command `sandik`."""

from streams.cli import main

main()
