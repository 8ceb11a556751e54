"""Start the API: `python -m services.api`."""

import socket
import sys

import uvicorn

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from rencheng.runtime.metrics.server import serve_metrics
from services.api.app import create_app
from services.api.http.connections import ConnectionLimits, connections_within_files, server_options
from services.api.http.encryption import ServerCertificate, server_certificate
from services.api.settings import ApiSettings
from services.api.streaming.hub import StreamHub
from services.api.streaming.options import StreamOptions

GRACE_S = 10
"""How long open requests may take when the API is asked to stop, seconds."""


class Server(uvicorn.Server):
    """A server that ends all streams before it waits for open requests, because a stream never ends by itself."""

    def __init__(self, config: uvicorn.Config, hub: StreamHub, certificate: ServerCertificate | None) -> None:
        super().__init__(config)
        self._hub = hub
        self._certificate = certificate
        if certificate:
            certificate.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop."""
        if self._certificate:
            self._certificate.stop()
        self._hub.end_streams()
        await super().shutdown(sockets)


def make_server(settings: ApiSettings, stream_options: StreamOptions | None = None) -> Server:
    """Build the API and its server."""
    certificate = server_certificate(settings.api_tls_certificate, settings.api_tls_key)
    app = create_app(settings, stream_options)
    limits = ConnectionLimits(
        connections_within_files(settings.api_connections_max),
        settings.api_request_within_s,
        settings.api_unread_within_s,
    )
    return Server(
        uvicorn.Config(
            app,
            host=settings.api_host,
            port=settings.api_port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            proxy_headers=bool(settings.api_trusted_proxies),
            forwarded_allow_ips=settings.api_trusted_proxies,
            ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
            **server_options(limits),
        ),
        app.state.hub,
        certificate,
    )


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    # after its own shutdown uvicorn passes the signal to this earlier handler, so that the exit status is 0
    stop_on_signals()
    try:
        settings = ApiSettings.load()
        with serve_metrics(settings.api_metrics_port, settings.metrics_host):
            make_server(settings).run()
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
