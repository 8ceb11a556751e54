#!/usr/bin/env python3
"""Keep the certificates of the broker and the API valid, for the hosts in RENCHENG_TLS_HOSTS.

The broker's container watches the file (mosquitto/run.sh) and loads a renewed certificate.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from commands.tls.renewal import keep_certificates
from rencheng.domain.errors import RenchengError
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import get_logger, set_up_logs

LOOK_EVERY_S = 3600.0

log = get_logger("certificates")


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    folder, hosts = Path(os.environ["RENCHENG_TLS_FOLDER"]), os.environ["RENCHENG_TLS_HOSTS"].split()
    try:
        while True:
            if issued := keep_certificates(folder, hosts, datetime.now(UTC)):
                log.info("certificates issued", names=issued, hosts=hosts)
            if stop.wait(LOOK_EVERY_S):
                return
    except RenchengError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
