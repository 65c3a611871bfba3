"""What marks a database file as ours, and which version of the tables this code knows.

Kept apart from the migrations so that readers can check a file without loading sqlite-utils.
"""

from __future__ import annotations

APPLICATION_ID = 0x43574331  # "CWC1", in the file's header
SCHEMA_VERSION = 6  # the number of migrations in store.schema, stored as the file's user_version
