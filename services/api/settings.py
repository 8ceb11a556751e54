"""What the API can be told."""

from pydantic import Field

from rencheng.runtime.settings import DatabaseSettings


class ApiSettings(DatabaseSettings):
    """Settings of the API."""

    api_host: str = Field("127.0.0.1", description="The address to listen on; this machine alone unless it is set.")
    api_port: int = Field(8010, ge=1, le=65535, description="The port to listen on.")
    public_url: str = Field("http://127.0.0.1:8010", description="Where people and CAP messages find the API.")
