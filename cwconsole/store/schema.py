"""The tables. Migrations are numbered by their order and never edited after a release.

Times named `*_ms` are this machine's clock, milliseconds since the epoch, UTC. `watermark`, `crawl_from`,
`crawl_server_time`, `start_at`, `record_date`, `updated` and `window_from` are ConnectWise's clock, whole seconds since
the epoch, UTC.

Runs on SQLite 3.34 and later: no STRICT, no RETURNING.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("cwconsole")

FIRST = """
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One authenticated ConnectWise company. body is the Open Connectors instance body, secrets sealed.
CREATE TABLE instances (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('local', 'api')),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  paused_ms INTEGER,
  held_ms INTEGER,
  callback_id INTEGER REFERENCES callbacks (id),  -- NULL: record only
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  removed_ms INTEGER                 -- its history is pruned in small steps afterwards
);
CREATE UNIQUE INDEX instances_name ON instances (name) WHERE removed_ms IS NULL;

-- Where notifications go. A held callback URL gets nothing and loses nothing.
CREATE TABLE callbacks (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  held_ms INTEGER,
  held_reason TEXT,
  last_success_ms INTEGER,
  breaker_until_ms INTEGER
);

-- One polled collection of an instance: configuration as last applied, watermark, open crawl, schedule, totals.
CREATE TABLE resources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id INTEGER NOT NULL REFERENCES instances (id),
  name TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  source TEXT NOT NULL,              -- host, company and path: known objects belong to it
  filter TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('window', 'full', 'as_written')),
  paused_ms INTEGER,
  held_ms INTEGER,
  watermark INTEGER,
  start_at INTEGER,                  -- where events begin; NULL until the first answer
  baseline_id INTEGER,               -- highest id when the baseline began
  baseline_done INTEGER NOT NULL DEFAULT 0 CHECK (baseline_done IN (0, 1)),
  crawl_id INTEGER NOT NULL DEFAULT 1,  -- token of the open crawl, or of the next one if none is open
  crawl_kind TEXT CHECK (crawl_kind IN ('baseline', 'everything', 'window', 'full')),
  crawl_from INTEGER,
  crawl_server_time INTEGER,
  crawl_last_id INTEGER,
  crawl_started_ms INTEGER,
  crawl_records INTEGER NOT NULL DEFAULT 0,
  page_size INTEGER NOT NULL DEFAULT 250,
  page_size_failed INTEGER,
  page_size_failed_ms INTEGER,
  interval_s REAL NOT NULL,
  sweep_interval_s REAL NOT NULL,
  next_poll_ms INTEGER,
  next_sweep_ms INTEGER,
  swept_ms INTEGER,                  -- end of the last complete sweep
  sweep_vanished INTEGER,            -- a sweep found this many gone and waits for confirmation
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since_ms INTEGER,
  parked INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),  -- keys, address or question are wrong: probed slowly
  error_code TEXT,
  error TEXT,
  last_poll_ms INTEGER,
  last_success_ms INTEGER,
  skew_ms INTEGER,                   -- server clock minus ours at the last answer
  pending INTEGER NOT NULL DEFAULT 0,
  sending INTEGER NOT NULL DEFAULT 0,
  retrying INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  UNIQUE (instance_id, name)
);

-- The last known version of each record. digest NULL: known by its date only. event_id: the event holding the record.
-- No foreign key: it would be looked up for every record of a first full read.
CREATE TABLE objects (
  resource_id INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  updated INTEGER,
  digest BLOB,
  event_id INTEGER,
  presence TEXT NOT NULL DEFAULT 'listed' CHECK (presence IN ('listed', 'deleted', 'outside')),
  PRIMARY KEY (resource_id, object_id)
) WITHOUT ROWID;

-- Records that arrived whole and cannot be decoded: set aside, tried again by each sweep.
CREATE TABLE set_aside (
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  object_id INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 1,
  error TEXT NOT NULL,
  PRIMARY KEY (resource_id, object_id)
) WITHOUT ROWID;

CREATE TABLE polls (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  kind TEXT NOT NULL CHECK (kind IN ('baseline', 'everything', 'window', 'full', 'sweep')),
  trigger TEXT NOT NULL CHECK (trigger IN ('schedule', 'operator', 'once')),
  action_id INTEGER,
  crawl_id INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  finished_ms INTEGER,
  window_from INTEGER,
  server_time INTEGER,
  pages INTEGER NOT NULL DEFAULT 0,
  records INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  learned INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL CHECK (outcome IN ('running', 'ok', 'failed', 'stopped', 'interrupted', 'dropped', 'refused')),
  error_code TEXT,
  error TEXT
);
CREATE INDEX polls_resource ON polls (resource_id, id);
CREATE INDEX polls_troubled ON polls (outcome, id) WHERE outcome <> 'ok';

-- Hourly totals of a resource, kept when the polls themselves are thinned. hour: hours since the epoch, UTC.
CREATE TABLE hours (
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  hour INTEGER NOT NULL,
  polls INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  records INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  duration_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (resource_id, hour)
) WITHOUT ROWID;

-- Immutable facts, ids in the order in which they were recorded. previous_id: the object's event before this one.
-- Ids come from meta's last_event_id: never used twice, and cheaper than AUTOINCREMENT, which counts row by row.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  instance_id INTEGER NOT NULL,
  resource_id INTEGER NOT NULL,
  poll_id INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('CREATED', 'UPDATED', 'DELETED')),
  seen_ms INTEGER NOT NULL,
  record_date INTEGER,
  future INTEGER NOT NULL DEFAULT 0,  -- the record is dated after the poll's server time
  previous_id INTEGER,
  digest BLOB NOT NULL,
  record BLOB NOT NULL
);
CREATE INDEX events_resource ON events (resource_id, type, id);

-- The duty to get one event to the callback URL. due_ms: set on an object's first open delivery only.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL,
  instance_id INTEGER NOT NULL,
  resource_id INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  callback_id INTEGER NOT NULL,
  replay INTEGER NOT NULL DEFAULT 0 CHECK (replay IN (0, 1)),
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sending', 'retrying', 'delivered', 'dead', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0,
  armed INTEGER NOT NULL DEFAULT 0,    -- attempts made before it was last armed: the schedule counts from there
  due_ms INTEGER,
  held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),  -- its instance or resource is held
  first_attempt_ms INTEGER,
  created_ms INTEGER NOT NULL,
  settled_ms INTEGER,
  status INTEGER,
  error_code TEXT
);
CREATE INDEX deliveries_due ON deliveries (callback_id, due_ms, id) WHERE due_ms IS NOT NULL AND held = 0;
CREATE INDEX deliveries_open ON deliveries (resource_id, object_id, id)
  WHERE state IN ('pending', 'sending', 'retrying');
CREATE INDEX deliveries_event ON deliveries (event_id);
CREATE INDEX deliveries_resource ON deliveries (resource_id, id);
CREATE INDEX deliveries_troubled ON deliveries (state, id) WHERE state IN ('sending', 'retrying', 'dead', 'cancelled');

-- One HTTP request of a delivery.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  delivery_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger IN ('first', 'retry', 'operator', 'replay')),
  started_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  url TEXT NOT NULL,
  peer TEXT,
  status INTEGER,
  error_code TEXT,
  error TEXT,
  headers TEXT NOT NULL DEFAULT '[]',
  body BLOB NOT NULL DEFAULT x'',
  truncated INTEGER NOT NULL DEFAULT 0,
  next_ms INTEGER
);
CREATE INDEX attempts_delivery ON attempts (delivery_id, number);

-- What operators asked for: the audit log, and the queue to the engine.
CREATE TABLE actions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  operator TEXT NOT NULL,
  origin TEXT NOT NULL,
  command TEXT NOT NULL,
  instance_id INTEGER,
  resource_id INTEGER,
  target_id INTEGER,
  params TEXT NOT NULL DEFAULT '{}',
  reason TEXT,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
  outcome TEXT,
  asked_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER
);
CREATE INDEX actions_open ON actions (state, id) WHERE state IN ('queued', 'running');
CREATE INDEX actions_instance ON actions (instance_id, id);
"""


SECOND = """
-- What runs for long: events that are sent again. Who asked, and why, is in its action. chosen: JSON, see replay_jobs.
-- It takes chosen events with ids above cursor, up to upper. exact: total is the number, and not the least it can be.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  action_id INTEGER NOT NULL REFERENCES actions (id),
  chosen TEXT NOT NULL,
  upper INTEGER NOT NULL,
  rate REAL NOT NULL CHECK (rate > 0),  -- a second
  state TEXT NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  total INTEGER NOT NULL,
  exact INTEGER NOT NULL CHECK (exact IN (0, 1)),
  done INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,    -- events that could not be sent again
  cursor INTEGER NOT NULL DEFAULT 0,
  error TEXT,                           -- why the last of the failed ones, or all of it, failed
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER
);
CREATE INDEX jobs_open ON jobs (state, id) WHERE state IN ('queued', 'running', 'paused');

-- The job that made a replay.
ALTER TABLE deliveries ADD COLUMN job_id INTEGER;
CREATE INDEX deliveries_job ON deliveries (job_id, state) WHERE job_id IS NOT NULL;
"""


THIRD = """
-- When the baseline had listed every record. Until a sweep completes, deletes are known from here on.
ALTER TABLE resources ADD COLUMN baselined_ms INTEGER;
UPDATE resources SET baselined_ms = next_sweep_ms - CAST(sweep_interval_s * 1000 AS INTEGER)
  WHERE baseline_done = 1 AND swept_ms IS NULL;
ALTER TABLE resources ADD COLUMN sweep_failures INTEGER NOT NULL DEFAULT 0;  -- in a row
ALTER TABLE resources ADD COLUMN sweep_error TEXT;                           -- of the last of them

-- Attempts since it was last armed that our own end cut off: the schedule does not count them.
ALTER TABLE deliveries ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0;
"""


# Records of a poll or a sweep that could not be decoded.
FOURTH = "ALTER TABLE polls ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0"


FIFTH = """
-- Retention once took the last event of what ConnectWise had deleted, and left the object for good.
DELETE FROM objects
  WHERE presence = 'deleted' AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = objects.event_id);
"""


# Of an export (kind, see export_jobs): when the console that writes it last said that it does.
SIXTH = "ALTER TABLE jobs ADD COLUMN seen_ms INTEGER"


@migrations()
def first(db: Database) -> None:
    """The tables of the first release."""
    _run(db, FIRST)


@migrations()
def second(db: Database) -> None:
    """Jobs."""
    _run(db, SECOND)


@migrations()
def third(db: Database) -> None:
    """What has to be known of sweeps to call a resource fresh; attempts that were cut off."""
    _run(db, THIRD)


@migrations()
def fourth(db: Database) -> None:
    """What polls could not read."""
    _run(db, FOURTH)


@migrations()
def fifth(db: Database) -> None:
    """Deleted objects that an earlier retention left behind."""
    _run(db, FIFTH)


@migrations()
def sixth(db: Database) -> None:
    """Exports among the jobs."""
    _run(db, SIXTH)


def _run(db: Database, script: str) -> None:
    for statement in statements(script):
        db.conn.execute(statement)


def statements(script: str) -> list[str]:
    """Split DDL at its semicolons; `executescript` would commit the transaction that surrounds a migration."""
    lines = [line.partition("--")[0] for line in script.splitlines()]
    return [text.strip() for text in "\n".join(lines).split(";") if text.strip()]
