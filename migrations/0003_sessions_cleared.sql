-- Whether the sessions of a person whose status we changed were ended after it: a run that stops in
-- between leaves that to the next plan. Of what was done before this column, it is taken as done.

ALTER TABLE rollcall.status_change ADD COLUMN sessions_cleared boolean NOT NULL DEFAULT true;
ALTER TABLE rollcall.status_change ALTER COLUMN sessions_cleared SET DEFAULT false;
