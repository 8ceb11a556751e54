"""The form of a problem document (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """A problem document (RFC 9457). `type` is stable; `title` and `detail` are for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:rencheng:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "There is no device 'gauge-7'.",
                    "instance": "urn:rencheng:request:5f0c2a9b1d3e4f60",
                }
            ]
        }
    )

    type: str = Field(description="The kind of problem, as a URN.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, and what to do.")
    instance: str | None = Field(None, description="The request's id, as in X-Request-Id and in the log.")
    errors: list[dict[str, Any]] | None = Field(None, description="Invalid parameters: `where` and `why` of each.")
    doubts: list[str] | None = Field(None, description="For `confirmation-required`: what speaks against the change.")
    current: dict[str, Any] | None = Field(None, description="For `precondition-failed`: what is registered now.")
    wanted: dict[str, Any] | None = Field(None, description="For `precondition-failed`: what the request asks for.")
    suggested_bucket: str | None = Field(
        None, description="For `response-too-large` and `resolution-not-kept`: a bucket width that works."
    )
