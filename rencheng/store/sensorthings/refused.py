"""The refusals of a SensorThings query."""

from rencheng.domain.errors import RenchengError


class QueryRefused(RenchengError):
    """A query that is not valid. The text says why, and what to ask instead."""


class NotSupported(QueryRefused):
    """A query of the standard that this server does not answer."""


class NoSuchEntity(QueryRefused):
    """A path to an entity or property that does not exist, or lies outside the reach of the key."""
