-- From when on a site has no data, and why. The alert service saves both with the state of the site; API and status page
-- compare the moment with the clock. So there is one rule: rencheng/engine/staleness.py.
ALTER TABLE site_states
    ADD COLUMN no_data_from timestamptz,
    ADD COLUMN no_data_reason text,
    ADD COLUMN gauges jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN site_states.no_data_from
    IS 'the site has no data from then on if no more arrives; null: it has never reported';
COMMENT ON COLUMN site_states.no_data_reason IS 'why: silent, stuck, blocked, spiky or never_reported';
COMMENT ON COLUMN site_states.gauges IS 'no_data_from and reason of each gauge that has reported';

-- States saved before: a quarter of an hour is the least time after which a gauge is silent. The alert service replaces
-- these values with the next reading of each site.
UPDATE site_states SET no_data_from = watermark + interval '15 minutes', no_data_reason = 'silent'
WHERE watermark IS NOT NULL;
