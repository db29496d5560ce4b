"""What Pinnace needs from the world: protocols and the small data types they speak in.

Adapters implement these; the runtime uses them and never sees an adapter.
"""
