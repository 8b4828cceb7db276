"""What page, report, diff and counts share: the store of cells, roll-ups, intervals and bursts. Pure."""
