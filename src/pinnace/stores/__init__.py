"""Stores: where runs are kept. ``sqlite`` is durable; ``memory`` is for simulations."""
