"""What the stores that keep their rows in SQLite share."""

from pathlib import Path

# As installed, SQLite has a rollback journal and syncs every commit.
JOURNALS = ({"journal": "delete"}, {"journal": "wal"})
COLUMN_INDEXES = (
    "CREATE INDEX rows_by_name ON rows (file_name)",
    "CREATE INDEX rows_by_page ON rows (page_num)",
)


def connect(library, folder, journal=None, extension=None):
    """A connection without implicit transactions, its schema read, every commit synced."""
    connection = library.connect(Path(folder) / "rows.sqlite", isolation_level=None)
    if extension:
        connection.enable_load_extension(True)
        extension.load(connection)
    if journal:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def insert(connection, statement, values):
    """All values in one transaction."""
    connection.execute("BEGIN")
    connection.executemany(statement, values)
    connection.execute("COMMIT")
