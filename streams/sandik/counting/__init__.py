"""Pure steps, in flow order: decode, language, tags, window, counts, merge.

They know nothing of Kafka, Faust or clocks; streams/sandik/counting/job.py joins them.
"""
