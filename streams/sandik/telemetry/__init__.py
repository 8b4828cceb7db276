"""What a worker reports about itself: metrics, health, logs and traces."""
