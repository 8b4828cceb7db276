"""The worker, without a Kafka."""
