-- The journal's first tables. Instants are milliseconds since 1970 UTC, as in the program, but for
-- leases, which go by the database's clock. Personal values live only in operation.payload, sealed.

CREATE TYPE rollcall.operation_state AS ENUM (
  'planned', 'intent', 'applied', 'retry', 'failed', 'conflict', 'ambiguous', 'quarantined',
  'held', 'blocked', 'skipped', 'withdrawn', 'superseded');

-- The one org and environment that this journal belongs to.
CREATE TABLE rollcall.binding (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  org_id text NOT NULL,
  environment text NOT NULL
);

-- A keyed check value: tells a wrong journal.key from an altered row.
CREATE TABLE rollcall.key_check (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  value bytea NOT NULL
);

CREATE SEQUENCE rollcall.plan_seq;
CREATE TABLE rollcall.plan (
  seq bigint PRIMARY KEY,
  plan_id bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('sealed', 'applying', 'applied', 'superseded')),
  header text NOT NULL,
  trailer text NOT NULL,
  operations bigint NOT NULL,
  rules bytea NOT NULL
);
CREATE INDEX plan_by_id ON rollcall.plan (plan_id, seq);

-- Written once, by COPY. Names, logins and attribute values stand in payload only.
CREATE TABLE rollcall.operation (
  plan_seq bigint NOT NULL,
  operation bigint NOT NULL,
  kind text NOT NULL,
  priority smallint NOT NULL,
  wave integer NOT NULL,
  barrier boolean NOT NULL,
  host bigint NOT NULL,           -- travels in that operation's request; 0: its own
  held_by text NOT NULL,
  worker_key text NOT NULL,
  user_id text NOT NULL,
  object_id text NOT NULL,
  object_name text NOT NULL,
  after bigint[] NOT NULL,
  change_digest bytea NOT NULL,   -- what approvals and flapping go by
  payload bytea NOT NULL,
  PRIMARY KEY (plan_seq, operation)
);

-- What comes after what. Shared: `before` is a barrier and has any number of dependants, so they
-- look it up when they are claimed instead of being counted down.
CREATE TABLE rollcall.operation_edge (
  plan_seq bigint NOT NULL,
  before bigint NOT NULL,
  dependant bigint NOT NULL,
  shared boolean NOT NULL,
  PRIMARY KEY (plan_seq, before, dependant)
);
CREATE INDEX operation_edge_shared ON rollcall.operation_edge (plan_seq, dependant) WHERE shared;

CREATE SEQUENCE rollcall.run_seq;
CREATE TABLE rollcall.run (
  id bigint PRIMARY KEY,
  lane smallint NOT NULL,
  verb text NOT NULL,
  plan_seq bigint NOT NULL REFERENCES rollcall.plan (seq),
  holder text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'finished', 'interrupted', 'abandoned')),
  epoch bigint NOT NULL,
  turn bigint NOT NULL DEFAULT 0,           -- counts writes: settles a commit of unknown outcome
  superseded boolean NOT NULL DEFAULT false,
  operations bigint NOT NULL,
  max_wave integer NOT NULL DEFAULT 0,
  has_shared boolean NOT NULL DEFAULT false,
  started_at_ms bigint NOT NULL,
  heartbeat_at_ms bigint NOT NULL,
  ended_at_ms bigint,
  exit_code integer,
  note text NOT NULL DEFAULT '',
  counts text,                              -- per state, written at the end
  outcome_seq bigint NOT NULL DEFAULT 0,
  chain_head bytea NOT NULL,
  closing bytea                             -- binds chain_head to the closing of the run before
);
CREATE INDEX run_open ON rollcall.run (lane) WHERE state IN ('running', 'interrupted');

-- Narrow, because each operation's row changes three times or more.
CREATE TABLE rollcall.operation_queue (
  run_id bigint NOT NULL,
  operation bigint NOT NULL,
  state rollcall.operation_state NOT NULL,
  barrier boolean NOT NULL,
  priority smallint NOT NULL,
  wave integer NOT NULL,
  pending_deps integer NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  host bigint NOT NULL,
  turn bigint NOT NULL DEFAULT 0,           -- the turn that claimed it
  not_before_ms bigint NOT NULL DEFAULT 0,
  intent_at_ms bigint,
  settled_at_ms bigint,
  lease_until timestamptz,
  PRIMARY KEY (run_id, operation)
);
CREATE INDEX operation_queue_ready
  ON rollcall.operation_queue (run_id, wave, priority, pending_deps, operation)
  WHERE state IN ('planned', 'retry') AND host = 0;
CREATE INDEX operation_queue_in_flight ON rollcall.operation_queue (run_id, operation)
  WHERE state IN ('intent', 'ambiguous');
CREATE INDEX operation_queue_barrier ON rollcall.operation_queue (run_id, wave)
  WHERE barrier AND state IN ('planned', 'retry', 'intent', 'ambiguous');
CREATE INDEX operation_queue_rider ON rollcall.operation_queue (run_id, host) WHERE host <> 0;
CREATE INDEX operation_queue_retry ON rollcall.operation_queue (run_id, not_before_ms)
  WHERE state = 'retry' AND host = 0;

-- Append-only: every transition after planning, chained per run.
CREATE TABLE rollcall.operation_outcome (
  run_id bigint NOT NULL,
  seq bigint NOT NULL,
  operation bigint NOT NULL,
  attempt integer NOT NULL,
  state rollcall.operation_state NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  http_status integer NOT NULL,
  request_id text NOT NULL,
  user_id text NOT NULL,
  group_id text NOT NULL,
  at_ms bigint NOT NULL,
  chain bytea NOT NULL,
  PRIMARY KEY (run_id, seq)
);
CREATE INDEX operation_outcome_operation ON rollcall.operation_outcome (run_id, operation, seq);
CREATE INDEX operation_outcome_at ON rollcall.operation_outcome USING brin (at_ms);

CREATE TABLE rollcall.resource_link (
  kind text NOT NULL CHECK (kind IN ('user', 'group', 'app')),
  okta_id text NOT NULL,
  logical_key text NOT NULL,
  released boolean NOT NULL,
  PRIMARY KEY (kind, okta_id),
  UNIQUE (kind, logical_key)
);

-- Memberships that we granted and have not removed.
CREATE TABLE rollcall.membership_grant (
  group_id text NOT NULL,
  user_id text NOT NULL,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX membership_grant_user ON rollcall.membership_grant (user_id);

-- The newest status change of ours per user.
CREATE TABLE rollcall.status_change (
  user_id text PRIMARY KEY,
  kind text NOT NULL,
  intent_at_ms bigint NOT NULL,
  settled_at_ms bigint NOT NULL
);

CREATE TABLE rollcall.refused_value (
  user_id text NOT NULL,
  attribute text NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (user_id, attribute)
);

CREATE TABLE rollcall.held_since (
  change bytea PRIMARY KEY,
  since_ms bigint NOT NULL
);

CREATE TABLE rollcall.person_history (
  worker_key text PRIMARY KEY,
  absent_reads bigint NOT NULL,
  absent_since_ms bigint,
  terminated_since_ms bigint
);

CREATE TABLE rollcall.source_snapshot (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source text NOT NULL,
  records bigint NOT NULL,
  at_ms bigint NOT NULL,
  fill text NOT NULL,
  snapshot bytea NOT NULL
);
CREATE INDEX source_snapshot_newest ON rollcall.source_snapshot (source, id);

CREATE TABLE rollcall.chain_boundary (
  at_ms bigint PRIMARY KEY
);
