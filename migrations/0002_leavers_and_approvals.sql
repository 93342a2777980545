-- Who has left and could still sign in, what people released or refused, and the texts of rules.

-- At the last certified read: people HR reported as gone whose accounts could sign in. A later read
-- that does not count must not make them be forgotten.
CREATE TABLE rollcall.known_leaver (
  worker_key text PRIMARY KEY,
  user_id text NOT NULL,
  why text NOT NULL,
  since_ms bigint NOT NULL
);

-- The newest word on a held change, by the digest of its kind, subject and content.
CREATE TABLE rollcall.approval (
  change bytea PRIMARY KEY,
  plan_id bytea NOT NULL,
  approved boolean NOT NULL,
  approver text NOT NULL,         -- the database's session user
  reason text NOT NULL,
  at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL
);

-- The configuration's text behind a digest of rules: what changed rules cause is told by planning
-- under the old ones too. It holds no secret, only where secrets are found.
CREATE TABLE rollcall.rules_text (
  rules bytea PRIMARY KEY,
  body text NOT NULL,
  at_ms bigint NOT NULL
);

CREATE INDEX operation_held ON rollcall.operation (change_digest) WHERE held_by <> '';
