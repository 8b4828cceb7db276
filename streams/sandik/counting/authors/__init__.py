"""How many different authors a window has: sketches of each group of posts, and unions of them. Pure."""
