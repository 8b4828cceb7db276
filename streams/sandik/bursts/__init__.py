"""`sandik bursts`: keep the topic `bursts` right, and tell a webhook of what is new in it.

follow reads `counts` and `bursts` -> the ledger says what is to be written -> it is written -> the webhook
reads it from the topic. A process of its own, so it never holds up counting.
"""
