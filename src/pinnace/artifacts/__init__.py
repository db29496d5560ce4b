"""Where artifacts are kept, and how they are packed: adapters of ``pinnace.ports.artifacts``."""
