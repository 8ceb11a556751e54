"""The application: its routes, and the scopes that each of them requires."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts

from rencheng.domain.heartbeat import Part
from rencheng.heartbeats import HeartbeatWriter
from rencheng.operations.declarations import read_rules
from rencheng.operations.roles import read_roles
from rencheng.replay.attempt import IntakeLimits
from rencheng.runtime.logs import get_logger
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.sessions import Database
from services.api import docs_page, status_page
from services.api.auth.access_control import LOOKUPS, AccessControl, AccessLimits
from services.api.auth.authenticator import Authenticator, require_scopes
from services.api.auth.guard import check_reach
from services.api.auth.refused_logins import RefusedLogins
from services.api.auth.session_cookie import SessionCookie
from services.api.health_probe import HealthProbe
from services.api.http import errors
from services.api.http.callbacks import read_callback_secrets
from services.api.http.connections import quieten_logs
from services.api.http.headers import HeadRequests, SecurityHeaders
from services.api.http.observer import RequestObserver
from services.api.http.route_rules import BODY_BYTES_MAX, RouteRules
from services.api.replay_service import ReplayService
from services.api.routes import audit, counts, health, keys, notices, status
from services.api.routes.calls import answer_page, calls, handovers, people, policies, replies, rosters
from services.api.routes.commands import actuators, commands
from services.api.routes.delivery import contacts, dispatches, receipts, subscribers
from services.api.routes.devices import pending
from services.api.routes.devices import read as devices
from services.api.routes.devices import write as devices_write
from services.api.routes.doubts import feed as doubts_feed
from services.api.routes.doubts import read as doubts
from services.api.routes.doubts import write as doubts_write
from services.api.routes.identity import login, me, own_login, roles, sessions
from services.api.routes.kpis import read as kpis
from services.api.routes.mutes import read as mutes
from services.api.routes.mutes import write as mutes_write
from services.api.routes.quarantine import read as quarantine
from services.api.routes.quarantine import write as quarantine_write
from services.api.routes.readings import city, history, transactions
from services.api.routes.readings import read as readings
from services.api.routes.response import plans, report_page, reports, responses, task_files, tasks
from services.api.routes.risks import read as risks
from services.api.routes.sensorthings import read as sensorthings
from services.api.routes.sites import read as sites
from services.api.routes.sites import regions, waterworks
from services.api.routes.sites import write as sites_write
from services.api.routes.warnings import feed, stream
from services.api.routes.warnings import read as warnings
from services.api.routes.weather import read as weather
from services.api.routes.weather import write as weather_write
from services.api.settings import ApiSettings
from services.api.streaming.hub import StreamHub
from services.api.streaming.options import StreamOptions

log = get_logger("api")

GUARDED: tuple[tuple[APIRouter, *tuple[KeyScope, ...]], ...] = (
    (devices.router, KeyScope.TELEMETRY_READ),
    (readings.router, KeyScope.TELEMETRY_READ),
    (transactions.router, KeyScope.TELEMETRY_READ),
    (city.router, KeyScope.TELEMETRY_READ),
    (history.router, KeyScope.TELEMETRY_READ),
    (sites.router, KeyScope.TELEMETRY_READ),
    (weather.router, KeyScope.TELEMETRY_READ),
    (weather_write.router, KeyScope.WEATHER_WRITE),
    (sites_write.router, KeyScope.OPERATE),
    (waterworks.router, KeyScope.OPERATE),
    (regions.router, KeyScope.TELEMETRY_READ),
    (regions.changes, KeyScope.OPERATE),
    (counts.router, KeyScope.TELEMETRY_READ),
    (kpis.router, KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ),
    (risks.router, KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ),
    (warnings.router, KeyScope.WARNINGS_READ),
    (mutes.router, KeyScope.WARNINGS_READ),
    (mutes_write.router, KeyScope.OPERATE),
    (notices.router, KeyScope.WARNINGS_READ),
    (doubts.router, KeyScope.WARNINGS_READ),
    (doubts_feed.router, KeyScope.WARNINGS_READ),
    (doubts_write.router, KeyScope.OPERATE),
    (people.router, KeyScope.CONTACTS_WRITE),
    (rosters.router, KeyScope.ROSTERS_WRITE),
    (handovers.router, KeyScope.RESPOND),
    (policies.router, KeyScope.ROSTERS_WRITE),
    (policies.approvals, KeyScope.PLANS_APPROVE),
    (subscribers.router, KeyScope.CONTACTS_WRITE),
    (contacts.router, KeyScope.CONTACTS_WRITE),
    (dispatches.router, KeyScope.CONTACTS_WRITE),
    (receipts.router, KeyScope.RECEIPTS_WRITE),
    (replies.router, KeyScope.REPLIES_WRITE),
    (calls.router, KeyScope.RESPOND),
    (plans.router, KeyScope.ROSTERS_WRITE),
    (plans.approvals, KeyScope.PLANS_APPROVE),
    (tasks.router, KeyScope.RESPOND),
    (task_files.router, KeyScope.RESPOND),
    (responses.router, KeyScope.RESPOND),
    (reports.router, KeyScope.RESPOND),
    (responses.decisions, KeyScope.RESPONSE_DECLARE),
    (actuators.router, KeyScope.TELEMETRY_READ),
    (actuators.changes, KeyScope.DEVICES_WRITE),
    (commands.router, KeyScope.COMMAND_REQUEST),
    (commands.approvals, KeyScope.COMMAND_APPROVE),
    (stream.router, KeyScope.WARNINGS_READ),
    (feed.router, KeyScope.WARNINGS_READ),
    (status.router, KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ),
    (quarantine.router, KeyScope.ADMIN),
    (quarantine_write.router, KeyScope.QUARANTINE_REPLAY),
    (audit.router, KeyScope.ADMIN),
    (keys.router, KeyScope.ADMIN),
    (roles.router, KeyScope.ADMIN),
    (roles.catalogue,),
    (sessions.router, KeyScope.ADMIN),
    (me.router,),
    (own_login.router,),
    (devices_write.router, KeyScope.DEVICES_WRITE),
    (pending.router, KeyScope.DEVICES_WRITE),
)
"""Every router under /v1, with the scopes that it requires."""

OPEN: tuple[APIRouter, ...] = (health.router, docs_page.router, status_page.router)
"""Routers that need no key and take no body."""

TAGS = {
    "devices": "Devices 设备: waterlogging gauges, traffic signals and charging piles.",
    "readings": "Readings 读数: rows as they are stored.",
    "history": "History 历史数据: readings aggregated by bucket, at any scale.",
    "sensorthings": "SensorThings 传感物联: the same data by OGC SensorThings 1.1, for QGIS and other platforms.",
    "sites": "Sites 重点场所: the watched places and their present state.",
    "suppression": "Suppression 静默与通告: silences, maintenance windows, and notices about many sites.",
    "weather": "Weather 气象: rain signals, forecasts and nowcasts of the authorities; the platform issues none.",
    "warnings": "Warnings 预警: messages as JSON, as CAP, as a live stream and as an Atom feed.",
    "doubts": "Doubts 待核实读数: what may be water and is not proven; answered by people who look.",
    "calls": "Calls 叫应: people, rosters and policies by which somebody is called until one answers.",
    "response": "Response 处置: plans by place and level, their tasks with evidence, and reopening by two signatures.",
    "commands": "Commands 指令: to barriers, boards, pumps, piles and signals; only the device confirms them.",
    "delivery": "Delivery 信息发送: subscribers, their contact methods, and what became of each message.",
    "risks": "Risk 风险评估: sites ranked by risk, with indicators, what is missing, and what was found from data.",
    "kpis": "Key figures 指标: by month and region, with definition, source and the rows behind each.",
    "counts": "Counts 计数: every received reading, by result.",
    "quarantine": "Quarantine 隔离区: rejected messages with raw payload, to correct and replay.",
    "audit": "Audit 审计: who changed what, and when.",
    "identity": "Identity 身份: who asks, roles of people, and sessions.",
    "keys": "Keys 密钥: who may ask; list, make and revoke.",
    "health": "Health 健康状态: whether readings are being committed, and the status of one world.",
}

DESCRIPTION = """
Urban flood early warning. 城市内涝预警。

Every request except `/health` and the HTML pages needs an API key. Send it as `Authorization: Bearer rck_…`, as
`X-API-Key: rck_…`, or as the password of HTTP Basic with any user name (for feed readers and browsers). A key lists
scopes; no scope implies another. A revoked key is rejected within five seconds.

Times in a response carry the offset of `tz` (default Asia/Shanghai). Times in a request must carry an offset. Missing
data is never 0: a value that was not measured is null, and a bucket without readings is absent. Lists are paginated:
send `next` back as `after`. Errors are problem documents (RFC 9457). Every response has an `X-Request-Id`, which a
problem document repeats as `instance` and the log as `request_id`.
"""


def create_app(settings: ApiSettings, stream_options: StreamOptions | None = None) -> FastAPI:
    """Build the API. It starts without the database, and answers 503 until the database is back."""
    database = Database(settings.database_url, name="rencheng-api")
    keys_database = Database(settings.database_url, name="rencheng-api-keys", connections_max=LOOKUPS)
    replay_service = ReplayService(settings.database_url, IntakeLimits(settings.clock_limits, settings.gauge_limits))
    stream_limits = {"streams_max": settings.api_streams_max, "streams_per_key": settings.api_streams_per_key}
    hub = StreamHub(settings.database_url, database, stream_options or StreamOptions(**stream_limits))
    health_probe = HealthProbe(settings.database_url, database, keys_database)
    public_url = settings.public_url.rstrip("/")
    refused_logins = RefusedLogins(database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub.start()
        watch = asyncio.create_task(health_probe.watch())
        refused_logins.start()
        quieten_logs(asyncio.get_running_loop())
        log.info("ready", url=public_url, docs=f"{public_url}/docs")
        with HeartbeatWriter(settings.database_url, Part.API, str(settings.api_port)):
            yield
        watch.cancel()
        health_probe.close()
        await hub.stop()
        refused_logins.stop()
        database.close()
        keys_database.close()
        replay_service.close()

    app = FastAPI(
        title="Rencheng 韧城",
        version="1",
        description=DESCRIPTION,
        servers=[{"url": public_url}],
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        docs_url=None,  # the framework's page loads scripts from the internet, which a city network may not reach
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,  # a redirect would carry the Host header that the client chose
    )
    app.state.database = database
    app.state.hub = hub
    app.state.health_probe = health_probe
    app.state.replay_service = replay_service
    app.state.refused_logins = refused_logins
    _keep_settings(app, settings)
    errors.install(app)
    _include_routers(app)
    _add_middleware(app, settings, Authenticator(keys_database, rules=app.state.role_rules))
    return app


def _keep_settings(app: FastAPI, settings: ApiSettings) -> None:
    """Keep what handlers need of the settings."""
    app.state.public_url = settings.public_url.rstrip("/")
    app.state.session_cookie = SessionCookie(app.state.public_url)
    app.state.role_rules = read_roles(settings.roles_file)
    app.state.response_rules = read_rules(settings.response_rules_file)
    app.state.callback_secrets = read_callback_secrets(settings.api_callback_secrets_file)
    app.state.contact_keys = settings.contact_keys.get_secret_value()


def _add_middleware(app: FastAPI, settings: ApiSettings, authenticator: Authenticator) -> None:
    """Add what each request passes before its route. The last one added is the first to see a request."""
    limits = AccessLimits(settings.api_key_per_s, settings.api_key_running, settings.api_address_per_s)
    app.add_middleware(
        AccessControl,
        rules=RouteRules(app),
        authenticator=authenticator,
        cookie=app.state.session_cookie,
        limits=limits,
        on_refused=app.state.refused_logins.count,
    )
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders)
    templates: dict[object, str] = {route.endpoint: route.path or "" for route in iter_route_contexts(app.routes)}
    app.add_middleware(RequestObserver, templates=templates)


def _include_routers(app: FastAPI) -> None:
    problems = errors.problem_responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    for router, *scopes in GUARDED:
        app.include_router(
            router,
            prefix="/v1",
            dependencies=[require_scopes(*scopes), Depends(check_reach)],
            responses=problems,
            max_body_size=BODY_BYTES_MAX,
        )
    app.include_router(
        sensorthings.router,
        prefix=sensorthings.ROOT,
        dependencies=[require_scopes(KeyScope.TELEMETRY_READ), Depends(check_reach)],
        responses=problems,
        max_body_size=0,
    )
    for router in OPEN:
        app.include_router(router, max_body_size=0)
    app.include_router(login.router, max_body_size=login.BODY_MAX)
    app.include_router(answer_page.router, max_body_size=answer_page.BODY_MAX)
    app.include_router(report_page.router, max_body_size=report_page.BODY_MAX)
    errors.add_problem_schema(app)
