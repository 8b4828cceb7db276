"""The times of posts on their way in: sorted, bounded, paced, and checked against wrong clocks."""
