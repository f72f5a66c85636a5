"""The benchmark of collections: rows with metadata added, asked with conditions, and opened again."""
