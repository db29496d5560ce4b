"""The one shell: it tells the engine what happened, saves what follows, and has it done."""
