ALTER TABLE devices
    DROP COLUMN steps_mm,
    DROP COLUMN measures,
    DROP COLUMN zero_set_on,
    DROP COLUMN latency_s,
    DROP COLUMN resolution_mm,
    DROP COLUMN interval_dry_s,
    DROP COLUMN interval_s;
