"""mosquitto_pub and mosquitto_sub, as a person would use them."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from local_stack.endpoints import Endpoints


@dataclass(frozen=True)
class Client:
    endpoints: Endpoints
    user: str | None = None
    password: str | None = None

    def publish(self, topic: str, messages: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return self._run("mosquitto_pub", "-q", "1", "-t", topic, "-l", text="\n".join(messages) + "\n")

    def subscribe(self, session: str, topic: str) -> None:
        """Leave a persistent session on the broker, which collects from now on."""
        assert self._session(session, topic, "-E").returncode == 0

    def collect(self, session: str, topic: str, *, count: int, wait_s: int = 1) -> list[str]:
        """What the session has collected: so many messages, or fewer if no more come in time."""
        return self._session(session, topic, "-C", str(count), "-W", str(wait_s)).stdout.splitlines()

    def _session(self, session: str, topic: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self._run("mosquitto_sub", "-c", "-i", session, "-q", "1", "-t", topic, *options)

    def _run(self, program: str, *options: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        assert self.endpoints.stack_bin is not None
        host, port = self.endpoints.mqtt_url.removeprefix("mqtt://").split(":")
        account = ["-u", self.user, "-P", self.password] if self.user and self.password else []
        command = [str(self.endpoints.stack_bin / program), "-h", host, "-p", port, *account, *options]
        return subprocess.run(command, check=False, capture_output=True, text=True, input=text, timeout=30)


def service(endpoints: Endpoints, name: str) -> Client:
    return Client(endpoints, f"rencheng-{name}", endpoints.environment[f"RENCHENG_MQTT_{name.upper()}_PASSWORD"])
