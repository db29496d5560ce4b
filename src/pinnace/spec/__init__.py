"""What the user wrote, as frozen types, and how a document becomes them. Pure."""
