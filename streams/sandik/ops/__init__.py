"""For who runs the workers: metrics, health, logs, traces, `sandik doctor` and `sandik top`."""
