-- Whether the factors of a person whom we contained were reset after it: a run that stops in between
-- leaves that to the next plan. Of what was done before this column, it is taken as done.
ALTER TABLE rollcall.status_change ADD COLUMN factors_reset boolean NOT NULL DEFAULT true;
ALTER TABLE rollcall.status_change ALTER COLUMN factors_reset SET DEFAULT false;

-- Statistics gathered while the queue was empty make claims read it whole. A large queue is looked at
-- right after it is filled; the role that runs may not do that itself, as it owns nothing.
CREATE FUNCTION rollcall.analyze_queue() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rollcall, pg_temp AS $$ BEGIN ANALYZE rollcall.operation_queue; END $$;
REVOKE ALL ON FUNCTION rollcall.analyze_queue() FROM PUBLIC;
