"""What every adapter of a port must keep, as test classes to inherit from. They need pytest."""
