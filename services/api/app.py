"""What there is to ask, and what a key must be good for to ask it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import APIRouter, FastAPI

from rencheng.replay.attempt import IntakeLimits
from rencheng.runtime.logs import get_logger
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.sessions import Database
from services.api import docs_page, status_page
from services.api.auth.authenticator import Authenticator, require_scopes
from services.api.http import errors
from services.api.http.headers import SecurityHeaders
from services.api.replayer import Replayer
from services.api.routes import audit, counts, health, status, suppression, weather
from services.api.routes.devices import pending
from services.api.routes.devices import read as devices
from services.api.routes.devices import write as devices_write
from services.api.routes.quarantine import read as quarantine
from services.api.routes.quarantine import write as quarantine_write
from services.api.routes.readings import history, transactions
from services.api.routes.readings import read as readings
from services.api.routes.sites import read as sites
from services.api.routes.sites import write as sites_write
from services.api.routes.warnings import feed, stream
from services.api.routes.warnings import read as warnings
from services.api.settings import ApiSettings
from services.api.streaming.hub import StreamHub

log = get_logger("api")

GUARDED: tuple[tuple[APIRouter, *tuple[KeyScope, ...]], ...] = (
    (devices.router, KeyScope.TELEMETRY_READ),
    (readings.router, KeyScope.TELEMETRY_READ),
    (transactions.router, KeyScope.TELEMETRY_READ),
    (history.router, KeyScope.TELEMETRY_READ),
    (sites.router, KeyScope.TELEMETRY_READ),
    (weather.router, KeyScope.TELEMETRY_READ),
    (weather.write_router, KeyScope.WEATHER_WRITE),
    (sites_write.router, KeyScope.OPERATE),
    (counts.router, KeyScope.TELEMETRY_READ),
    (warnings.router, KeyScope.WARNINGS_READ),
    (suppression.router, KeyScope.WARNINGS_READ),
    (suppression.write_router, KeyScope.OPERATE),
    (stream.router, KeyScope.WARNINGS_READ),
    (feed.router, KeyScope.WARNINGS_READ),
    (status.router, KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ),
    (quarantine.router, KeyScope.ADMIN),
    (quarantine_write.router, KeyScope.QUARANTINE_REPLAY),
    (audit.router, KeyScope.ADMIN),
    (devices_write.router, KeyScope.DEVICES_WRITE),
    (pending.router, KeyScope.DEVICES_WRITE),
)
"""Nothing comes under /v1 without a scope."""

OPEN: tuple[APIRouter, ...] = (health.router, docs_page.router, status_page.router)
"""What anybody may ask."""

TAGS = {
    "devices": "Devices 设备: waterlogging monitors, traffic signals, charging piles.",
    "readings": "Readings 读数: as they were stored.",
    "history": "History 历史: by bucket, at any scale.",
    "sites": "Sites 重点场所: the watched places as they stand now.",
    "storm": "Storm control 风暴管控: what operators mute, and notices of many sites.",
    "weather": "Weather 气象: official rain signals and forecasts, taken in and never originated.",
    "warnings": "Warnings 预警: what was said, as CAP, as a live stream and as Atom.",
    "counts": "Counts 计数: what became of every reading.",
    "quarantine": "Quarantine 隔离区: what was refused, with its raw payload; mended and replayed.",
    "audit": "Audit 审计: who did what, and when.",
    "health": "Health 健康: whether rows are being committed; the city at a glance.",
}

DESCRIPTION = """
Early warning for ponding water. 城市内涝预警。

Every request but `/health` and the pages for people needs a key: `Authorization: Bearer rck_…`, `X-API-Key: rck_…`, or
the password of HTTP Basic with any user name, for feed readers and browsers. A key has scopes, and none implies
another; a revoked key is refused within five seconds. Times in answers carry an offset, of
`tz` (Asia/Shanghai unless another is named); times in questions must carry one. No data is never 0: what was not
measured is null, what nobody sent is absent. Lists come in pages: give `next` back as `after`. Errors are problem
documents (RFC 9457).
"""


def create_app(settings: ApiSettings) -> FastAPI:
    """The API on a database. It starts, and answers 503, while the database is away."""
    database = Database(settings.database_url, name="rencheng-api")
    replayer = Replayer(settings.database_url, IntakeLimits(settings.clock_limits, settings.gauge_limits))
    live = StreamHub(settings.database_url, database, streams_max=settings.api_streams_max)
    public_url = settings.public_url.rstrip("/")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        live.start()
        log.info("ready", url=public_url, docs=f"{public_url}/docs")
        yield
        await live.stop()
        database.close()
        replayer.close()

    app = FastAPI(
        title="Rencheng 韧城",
        version="1",
        description=DESCRIPTION,
        servers=[{"url": public_url}],
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        docs_url=None,  # the framework's page loads scripts from elsewhere, and a city may have no internet
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.live = live
    app.state.replayer = replayer
    app.state.public_url = public_url
    app.state.doorkeeper = Authenticator(database)
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    refusals = errors.described(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    )
    for router, *scopes in GUARDED:
        app.include_router(router, prefix="/v1", dependencies=[require_scopes(*scopes)], responses=refusals)
    for router in OPEN:
        app.include_router(router)
    errors.describe(app)
    return app
