"""Decode payloads to water readings, and encode them."""

from collections.abc import Sequence

from rencheng.codecs.base import BadItem
from rencheng.codecs.items import check_length
from rencheng.codecs.parts import UnreadablePart
from rencheng.codecs.sl651.elements import Function
from rencheng.codecs.sl651.frames import read_reports
from rencheng.codecs.sl651.report import read_report
from rencheng.codecs.sl651.write import write_report
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


class Sl651Codec:
    """The codec of waterlogging monitors: decodes function codes 2F and 30 to 34, and encodes 30, 32 and 33."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode one frame or several; a bad frame or element is rejected alone. See `Codec.decode`."""
        if kind is not Kind.WATERLOGGING:
            raise Rejected(
                RejectionReason.UNDECODABLE, f"SL 651 is for waterlogging monitors, and the device is of kind {kind}"
            )
        readings: list[Reading] = []
        bad: list[BadItem] = []

        def reject(reason: RejectionReason, detail: str) -> None:
            bad.append(BadItem(len(readings) + len(bad), reason, detail))

        reports = read_reports(payload)
        for report in reports:
            if isinstance(report, UnreadablePart):
                reject(report.reason, report.detail)
                continue
            try:
                found, findings = read_report(report, device_id)
            except ValueError as error:
                found, findings = [], [str(error)]
            readings += found
            for finding in findings:
                reject(RejectionReason.INVALID, f"function code {report.function:02X}: {finding}")
        if any(isinstance(report, UnreadablePart) or report.function != Function.KEEP_ALIVE for report in reports):
            check_length([*readings, *bad])
        return readings, bad

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode each reading as a frame.

        Raises:
            ValueError: SL 651 cannot express a reading.
        """
        return b"".join(write_report(reading) for reading in readings)
