"""Tables for spreadsheets."""

from fastapi import Response


class CsvResponse(Response):
    """CSV in UTF-8, with the mark without which spreadsheets take it for another encoding, as a file."""

    media_type = "text/csv"

    @classmethod
    def of(cls, content: str, name: str) -> "CsvResponse":
        """Return the table as a file of a name."""
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return cls(content.encode("utf-8-sig"), headers=headers)
