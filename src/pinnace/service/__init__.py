"""What a user can ask: make runs, look at them, act on them."""
