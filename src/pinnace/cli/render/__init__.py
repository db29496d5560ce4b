"""What people see: trees, tables and lines. Nothing here changes anything or reads a store."""
