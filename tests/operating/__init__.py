"""What an operator does now and then, done for once: to move, to come back after a disaster, to upgrade."""
