"""The sites and subscribers of the run, and the messages that each subscriber must get."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.throughput.fleet import REGION
from rencheng.domain.reach import Reach
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.operations.contacts import add_contact, save_subscriber
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import Connection
from rencheng.store.registry.sites import register_site
from rencheng.store.response.cipher import ContactCipher

CITYWIDE = 10
"""Subscribers that want every place; the others want 20 each."""

SITES_EACH = 20
MQTT_EACH, STREAM_EACH = 10, 20
"""Every tenth subscriber gets its messages by MQTT, every twentieth on the live stream."""

KINDS = ("webhook", "mqtt", "stream")


@dataclass(frozen=True, slots=True)
class Member:
    """A subscriber of the run.

    Attributes:
        name: also its path, its topic, or its key.
        kind: one of `KINDS`.
        sites: what it must get.
        fails: whether it fails at random; the broker takes the messages of MQTT for it, so those do not.
        token: of the live stream.
    """

    name: str
    kind: str
    sites: frozenset[str]
    fails: bool
    token: str = ""


def register_sites(connection: Connection, sites: int) -> list[str]:
    """Register roads. Return their names."""
    names = [f"site-{number:04}" for number in range(sites)]
    for name in names:
        profile = default_profile(SiteType.ROAD)
        register_site(connection, Site(name, name, name, SiteType.ROAD, REGION, 36.65, 117.02, profile))
    return names


def register_members(
    connection: Connection, cipher: ContactCipher, names: list[str], subscribers: int, port: int
) -> Mapping[str, Member]:
    """Register the subscribers, with webhooks at a port of loopback. Every third of them fails."""
    members: dict[str, Member] = {}
    for number in range(subscribers):
        name = f"s{number}"
        kind = _kind(number)
        first = number * SITES_EACH % max(1, len(names) - SITES_EACH)
        mine = [] if number < CITYWIDE or kind == "stream" else names[first : first + SITES_EACH]
        fails = number % 3 == 2 and kind != "mqtt"  # noqa: PLR2004 - a third
        token = ""
        if kind == "stream":  # it has no filter for twenty places
            token = api_keys.create(connection, name, [KeyScope.WARNINGS_READ], reach=Reach((REGION,)))
        else:
            save_subscriber(connection, name, SubscriberForm(owner="bench", sites=mine), actor="bench")
            address = name if kind == "mqtt" else f"http://127.0.0.1:{port}/{name}"
            contact = ContactForm.model_validate({"kind": kind, "address": address})
            add_contact(connection, name, contact, cipher, actor="bench")
        members[name] = Member(name, kind, frozenset(mine or names), fails, token)
    return members


def _kind(number: int) -> str:
    if number % MQTT_EACH == 1:
        return "mqtt"
    return "stream" if number % STREAM_EACH == 2 else "webhook"  # noqa: PLR2004 - so that some of them fail
