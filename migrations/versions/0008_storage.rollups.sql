-- The rollups, with the same names and columns on both editions of TimescaleDB. 0008_storage.py creates continuous aggregates
-- where the licence allows them, and elsewhere tables that a job fills from the same queries.
--
-- Minutes and hours are in UTC; days run from midnight to midnight in Asia/Shanghai.
-- The quality mask 155 is the set of flags that make a value unusable (1 missing, 2 gross range, 8 no return, 16 blind zone,
-- 128 test): such a reading is counted but excluded from all figures, never counted as 0. The mask 9 means not measured,
-- 18 implausible, 68 (4 tilted, 64 clock ahead) suspect.

-- rollup: waterlogging_1min key device_id, bucket, channel chunks of 7 days
SELECT device_id, channel, time_bucket('1 minute', time) AS bucket,
    count(*) AS count,
    count(*) FILTER (WHERE depth_mm IS NOT NULL AND quality & 155 = 0) AS usable,
    count(*) FILTER (WHERE quality & 155 <> 0) AS unusable,
    count(*) FILTER (WHERE quality & 9 <> 0) AS missing,
    count(*) FILTER (WHERE quality & 18 <> 0) AS failed,
    count(*) FILTER (WHERE quality & 68 <> 0) AS suspect,
    min(depth_mm) FILTER (WHERE quality & 155 = 0) AS depth_mm_min,
    max(depth_mm) FILTER (WHERE quality & 155 = 0) AS depth_mm_max,
    sum(depth_mm) FILTER (WHERE quality & 155 = 0) AS depth_mm_sum,
    avg(depth_mm) FILTER (WHERE quality & 155 = 0) AS depth_mm_avg,
    last(depth_mm, time) FILTER (WHERE depth_mm IS NOT NULL AND quality & 155 = 0) AS depth_mm_last,
    max(time) FILTER (WHERE depth_mm IS NOT NULL AND quality & 155 = 0) AS depth_at,
    sum(rain_mm) AS rain_mm,
    bit_or(quality) AS quality
FROM waterlogging_readings GROUP BY 1, 2, 3;

-- rollup: waterlogging_1h key device_id, bucket, channel chunks of 90 days
SELECT device_id, channel, time_bucket('1 hour', bucket) AS bucket,
    sum(count)::bigint AS count,
    sum(usable)::bigint AS usable,
    sum(unusable)::bigint AS unusable,
    sum(missing)::bigint AS missing,
    sum(failed)::bigint AS failed,
    sum(suspect)::bigint AS suspect,
    min(depth_mm_min) AS depth_mm_min,
    max(depth_mm_max) AS depth_mm_max,
    sum(depth_mm_sum) AS depth_mm_sum,
    sum(depth_mm_sum) / nullif(sum(usable), 0)::double precision AS depth_mm_avg,
    last(depth_mm_last, depth_at) FILTER (WHERE depth_at IS NOT NULL) AS depth_mm_last,
    max(depth_at) AS depth_at,
    sum(rain_mm) AS rain_mm,
    bit_or(quality) AS quality
FROM waterlogging_1min GROUP BY 1, 2, 3;

-- rollup: waterlogging_1day key device_id, bucket, channel chunks of 3650 days
SELECT device_id, channel, time_bucket('1 day', bucket, 'Asia/Shanghai') AS bucket,
    sum(count)::bigint AS count,
    sum(usable)::bigint AS usable,
    sum(unusable)::bigint AS unusable,
    sum(missing)::bigint AS missing,
    sum(failed)::bigint AS failed,
    sum(suspect)::bigint AS suspect,
    min(depth_mm_min) AS depth_mm_min,
    max(depth_mm_max) AS depth_mm_max,
    sum(depth_mm_sum) AS depth_mm_sum,
    sum(depth_mm_sum) / nullif(sum(usable), 0)::double precision AS depth_mm_avg,
    last(depth_mm_last, depth_at) FILTER (WHERE depth_at IS NOT NULL) AS depth_mm_last,
    max(depth_at) AS depth_at,
    sum(rain_mm) AS rain_mm,
    bit_or(quality) AS quality
FROM waterlogging_1h GROUP BY 1, 2, 3;

-- rollup: signal_1min key device_id, bucket, event_id chunks of 7 days
SELECT device_id, event_id, time_bucket('1 minute', time) AS bucket,
    count(*) AS count,
    bit_or(quality) AS quality
FROM signal_events GROUP BY 1, 2, 3;

-- rollup: signal_1h key device_id, bucket, event_id chunks of 90 days
SELECT device_id, event_id, time_bucket('1 hour', bucket) AS bucket,
    sum(count)::bigint AS count,
    bit_or(quality) AS quality
FROM signal_1min GROUP BY 1, 2, 3;

-- rollup: signal_1day key device_id, bucket, event_id chunks of 3650 days
SELECT device_id, event_id, time_bucket('1 day', bucket, 'Asia/Shanghai') AS bucket,
    sum(count)::bigint AS count,
    bit_or(quality) AS quality
FROM signal_1h GROUP BY 1, 2, 3;

-- rollup: charging_1min key device_id, bucket, connector_id, measurand chunks of 7 days
SELECT device_id, connector_id, measurand, time_bucket('1 minute', time) AS bucket,
    count(*) AS count,
    count(*) FILTER (WHERE value IS NOT NULL AND quality & 155 = 0) AS usable,
    min(value) FILTER (WHERE quality & 155 = 0) AS value_min,
    max(value) FILTER (WHERE quality & 155 = 0) AS value_max,
    sum(value) FILTER (WHERE quality & 155 = 0) AS value_sum,
    avg(value) FILTER (WHERE quality & 155 = 0) AS value_avg,
    first(value, time) FILTER (WHERE value IS NOT NULL AND quality & 155 = 0) AS value_first,
    min(time) FILTER (WHERE value IS NOT NULL AND quality & 155 = 0) AS first_at,
    last(value, time) FILTER (WHERE value IS NOT NULL AND quality & 155 = 0) AS value_last,
    max(time) FILTER (WHERE value IS NOT NULL AND quality & 155 = 0) AS last_at,
    last(status, time) AS status_last,
    last(error_code, time) AS error_code_last,
    max(time) AS newest_at,
    bit_or(quality) AS quality
FROM meter_values GROUP BY 1, 2, 3, 4;

-- rollup: charging_1h key device_id, bucket, connector_id, measurand chunks of 90 days
SELECT device_id, connector_id, measurand, time_bucket('1 hour', bucket) AS bucket,
    sum(count)::bigint AS count,
    sum(usable)::bigint AS usable,
    min(value_min) AS value_min,
    max(value_max) AS value_max,
    sum(value_sum) AS value_sum,
    sum(value_sum) / nullif(sum(usable), 0)::double precision AS value_avg,
    first(value_first, first_at) FILTER (WHERE first_at IS NOT NULL) AS value_first,
    min(first_at) AS first_at,
    last(value_last, last_at) FILTER (WHERE last_at IS NOT NULL) AS value_last,
    max(last_at) AS last_at,
    last(status_last, newest_at) AS status_last,
    last(error_code_last, newest_at) AS error_code_last,
    max(newest_at) AS newest_at,
    bit_or(quality) AS quality
FROM charging_1min GROUP BY 1, 2, 3, 4;

-- rollup: charging_1day key device_id, bucket, connector_id, measurand chunks of 3650 days
SELECT device_id, connector_id, measurand, time_bucket('1 day', bucket, 'Asia/Shanghai') AS bucket,
    sum(count)::bigint AS count,
    sum(usable)::bigint AS usable,
    min(value_min) AS value_min,
    max(value_max) AS value_max,
    sum(value_sum) AS value_sum,
    sum(value_sum) / nullif(sum(usable), 0)::double precision AS value_avg,
    first(value_first, first_at) FILTER (WHERE first_at IS NOT NULL) AS value_first,
    min(first_at) AS first_at,
    last(value_last, last_at) FILTER (WHERE last_at IS NOT NULL) AS value_last,
    max(last_at) AS last_at,
    last(status_last, newest_at) AS status_last,
    last(error_code_last, newest_at) AS error_code_last,
    max(newest_at) AS newest_at,
    bit_or(quality) AS quality
FROM charging_1h GROUP BY 1, 2, 3, 4;
