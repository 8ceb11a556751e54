"""The error of the local stack, with its remedy."""

INSTEAD = (
    "Use Docker instead (docker compose up), "
    "or set RENCHENG_DATABASE_URL and RENCHENG_MQTT_URL to servers that you have."
)


class StackError(Exception):
    """An error of the local stack: what happened, and what to do."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(f"{what}\n{remedy}")
        self.what = what
        self.remedy = remedy
