"""What can go wrong here, told with its remedy."""

INSTEAD = (
    "Use Docker instead (docker compose up), "
    "or set RENCHENG_DATABASE_URL and RENCHENG_MQTT_URL to servers that you have."
)


class StackError(Exception):
    """Something that stopped the local stack: what happened, and what to do about it."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(f"{what}\n{remedy}")
        self.what = what
        self.remedy = remedy
