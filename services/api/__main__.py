"""Start the API: `python -m services.api`."""

import socket
import sys

import uvicorn

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.api.streaming.hub import StreamHub

GRACE_S = 10
"""How long requests that are under way may take when the API is asked to stop."""


class Server(uvicorn.Server):
    """Asks streams to end before it waits for requests that are under way: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, live: StreamHub) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._live.end_streams()
        await super().shutdown(sockets)


def make_server(settings: ApiSettings) -> Server:
    """The API behind its server, which stops when asked and lets requests that are under way end."""
    app = create_app(settings)
    return Server(
        uvicorn.Config(
            app,
            host=settings.api_host,
            port=settings.api_port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        ),
        app.state.live,
    )


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    # uvicorn hands a signal on to whoever had it before, once it has stopped: to this, so that the exit status is 0
    stop_on_signals()
    try:
        make_server(ApiSettings.load()).run()
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
