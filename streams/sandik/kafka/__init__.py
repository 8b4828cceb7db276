"""Kafka: connection, login, topics, and how records are read and written beside Faust."""
