"""Types of fields that several forms share."""

from typing import Annotated

from pydantic import StringConstraints

from rencheng.domain.topic import IDENTIFIER, REGION

Identifier = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
"""The identifier of a device, site or world."""

DistrictCode = Annotated[str, StringConstraints(pattern=f"^{REGION.pattern}$")]
"""A six-digit GB/T 2260 code."""
