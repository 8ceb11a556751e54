"""The tables of sites, devices, readings, warnings and API keys. `tests/migrations` compares migrations with them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.domain.sensor import Role

metadata = MetaData()

_time = DateTime(timezone=True)


def _recorded(name: str) -> Column[object]:
    return Column(name, _time, nullable=False, server_default=text("now()"))


worlds = Table(
    "worlds",
    metadata,
    Column("world", Text, primary_key=True),
    Column("title", Text, nullable=False),
    _recorded("created_at"),
)

regions = Table(
    "regions",
    metadata,
    Column("region", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    CheckConstraint("region ~ '^[0-9]{6}$'", name="regions_are_gb_t_2260_codes"),
)

sites = Table(
    "sites",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("site_type", Text, nullable=False),
    Column("region", Text, ForeignKey("regions.region"), nullable=False),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("radius_m", Double, nullable=False),
    Column("polygon", JSONB, nullable=False, server_default="[]", comment="[latitude, longitude] of each corner"),
    Column("catchment", Text, nullable=False, server_default=""),
    Column("closing_time_s", Double),
    Column("profile", JSONB, nullable=False),
    _recorded("created_at"),
    Column(
        "verify_by",
        Text,
        nullable=False,
        server_default="",
        comment="the camera or patrol that can look at the site",
    ),
)

site_profiles = Table(
    "site_profiles",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("profile", JSONB, nullable=False),
    _recorded("recorded_at"),
    Column("made_by", Text, comment="who set these thresholds; null: before authors were kept"),
)

site_sensors = Table(
    "site_sensors",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("device_id", Text, primary_key=True, comment="may be registered later"),
    Column("role", Text, nullable=False),
    Column("lowest_point_height_mm", Double, nullable=False, server_default="0"),
    *(Column(name, Double) for name in ("lag_s", "crown_mm", "rim_mm")),
    CheckConstraint(f"role IN {tuple(map(str, Role))}", name="site_sensors_have_a_known_role"),
    Index("site_sensors_by_device", "device_id"),
)

devices = Table(
    "devices",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("region", Text, ForeignKey("regions.region"), nullable=False),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("site_id", Text, ForeignKey("sites.site_id")),
    Column("name", Text, nullable=False, server_default=""),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("codec", Text, nullable=False, server_default="json"),
    Column("gauge", Text, nullable=False, server_default="street"),
    Column("depth_max_mm", Double),
    Column("blind_zone_mm", Double),
    Column("no_return_codes", ARRAY(Double), nullable=False, server_default=text("'{}'")),
    Column("interval_s", Double, comment="reporting interval in water"),
    Column("interval_dry_s", Double, comment="reporting interval above a dry street"),
    Column("resolution_mm", Double),
    Column("latency_s", Double),
    Column("zero_set_on", Date, comment="the day on which the zero was last set or surveyed"),
    Column("measures", Text, nullable=False, server_default="level"),
    Column("steps_mm", ARRAY(Double), nullable=False, server_default=text("'{}'")),
    Column("receipts", Boolean, nullable=False, server_default=text("false")),
    Column("quota_per_minute", Integer),
    Column("replaces", Text, ForeignKey("devices.device_id")),
    Column("mqtt_password_hash", Text),
    _recorded("created_at"),
    Column("retired_at", _time),
    CheckConstraint("kind IN ('waterlogging', 'signal', 'charging')", name="devices_are_of_a_known_kind"),
    UniqueConstraint("replaces", name="devices_are_replaced_once"),
    Index("devices_by_site", "site_id"),
)

gateways = Table(
    "gateways",
    metadata,
    Column("region", ForeignKey("regions.region"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("mqtt_password_hash", Text, nullable=False),
)

device_states = Table(
    "device_states",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("changed_at", _time, nullable=False),
)

waterlogging_readings = Table(
    "waterlogging_readings",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("time", _time, primary_key=True),
    Column("channel", SmallInteger, primary_key=True),
    Column("depth_mm", Double),
    Column("rain_mm", Double),
    Column("raw_distance_mm", Double),
    Column("mode", Text),
    Column("battery_v", Double),
    Column("rssi_dbm", Double),
    Column("snr_db", Double),
    Column("tilt_deg", Double),
    Column("temperature_c", Double),
    Column("sequence", BigInteger),
    Column("error_flags", Integer),
    Column("quality", SmallInteger, nullable=False),
    Column("received_at", _time, nullable=False),
    Index("waterlogging_readings_by_time", "time"),
)

signal_events = Table(
    "signal_events",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("time", _time, primary_key=True),
    Column("event_id", SmallInteger, primary_key=True),
    Column("parameter", Integer, primary_key=True),
    Column("quality", SmallInteger, nullable=False),
    Column("received_at", _time, nullable=False),
    Index("signal_events_by_time", "time"),
)

meter_values = Table(
    "meter_values",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("time", _time, primary_key=True),
    Column("connector_id", SmallInteger, primary_key=True),
    Column("transaction_id", Text, primary_key=True),
    Column("measurand", Text, primary_key=True),
    Column("value", Double),
    Column("status", Text),
    Column("error_code", Text),
    Column("quality", SmallInteger, nullable=False),
    Column("received_at", _time, nullable=False),
    Index("meter_values_by_time", "time"),
)

warnings = Table(
    "warnings",
    metadata,
    Column("warning_id", Text, primary_key=True),
    Column("site_id", Text, ForeignKey("sites.site_id"), nullable=False),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("peak_level", SmallInteger, nullable=False),
    Column("opened_at", _time, nullable=False),
    Column("updated_at", _time, nullable=False),
    Column("closed_at", _time),
    Index("warnings_by_site", "site_id", "opened_at"),
    Index("warnings_by_time", "opened_at", "warning_id"),
    Index("warnings_open", "warning_id", postgresql_where=text("closed_at IS NULL")),
)

warning_events = Table(
    "warning_events",
    metadata,
    Column("event_id", BigInteger, Identity(always=True), primary_key=True),
    Column("warning_id", Text, ForeignKey("warnings.warning_id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("issued_at", _time, nullable=False),
    _recorded("recorded_at"),
    Column("document", JSONB, nullable=False),
    Column("cap_xml", Text, nullable=False),
    UniqueConstraint("identifier", name="warning_events_identifier_is_unique"),
    UniqueConstraint("warning_id", "sequence", name="warning_events_in_order"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("event_id", BigInteger, ForeignKey("warning_events.event_id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("delivered_at", _time),
    Column(
        "suppressed_by",
        Text,
        comment="throttled, never_notified, inhibited, or the silence or maintenance window; null: not suppressed",
    ),
    Column("trace_id", Text, comment="trace of the reading that the message follows from"),
    Index("deliveries_due", "event_id", postgresql_where=text("delivered_at IS NULL AND suppressed_by IS NULL")),
)

site_states = Table(
    "site_states",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("snapshot", JSONB, nullable=False),
    Column("watermark", _time),
    _recorded("saved_at"),
    Column(
        "no_data_from",
        _time,
        comment="the site has no data from then on if no more arrives; null: it has never reported",
    ),
    Column("no_data_reason", Text, comment="why: silent, stuck, blocked, spiky or never_reported"),
    Column(
        "gauges",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="no_data_from and reason of each gauge that has reported",
    ),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _recorded("created_at"),
    Column("expires_at", _time),
    Column("revoked_at", _time),
    Column(
        "regions",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="GB/T 2260 codes that the key is bound to; empty: all",
    ),
    Column(
        "worlds",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="worlds that the key is bound to; empty: all",
    ),
    Column("made_by", Text),
    Column("last_used_at", _time, comment="written at most once a minute"),
    Column("person_id", Text, comment="the person who uses it, and signs with it; null: a program, or an office"),
)
