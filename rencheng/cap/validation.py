"""The rule layer over CAP's schema: a document that the schema accepts can still be one that no receiver shows.

`broken_rules` lists what must be mended before sending, `advice` what would make the message better.
"""

from collections.abc import Iterable

from rencheng.cap.parse import NAMESPACE, Rule, Unreadable, read
from rencheng.cap.rules import content, envelope, place, recommended, resource

RULES: tuple[Rule, ...] = (
    envelope.names_are_tokens,
    envelope.times_have_an_offset,
    envelope.restriction_is_for_restricted,
    envelope.restricted_says_to_whom,
    envelope.private_says_to_whom,
    envelope.references_are_triples,
    envelope.references_are_not_itself,
    envelope.references_are_not_postdated,
    envelope.later_messages_refer,
    envelope.has_info,
    content.categories_agree,
    content.event_codes_agree,
    content.has_description,
    content.has_web,
    content.has_expires,
    content.has_urgency,
    content.has_severity,
    content.has_certainty,
    content.has_area,
    content.effective_before_expires,
    content.languages_are_tags,
    content.languages_differ_in_text,
    content.web_is_absolute,
    content.texts_have_no_markup,
    resource.mime_type_is_registered,
    resource.uri_leads_somewhere,
    resource.enclosure_is_base64,
    place.area_has_a_shape,
    place.polygon_is_points,
    place.polygon_is_not_endless,
    place.polygon_is_closed,
    place.polygon_does_not_cross_itself,
    place.circle_is_centre_and_radius,
    place.radius_is_not_negative,
    place.points_are_on_earth,
    place.points_are_where_the_code_says,
    place.ceiling_needs_altitude,
    place.ceiling_is_above_altitude,
)

ADVICE: tuple[Rule, ...] = (
    recommended.says_all_that_is_welcome,
    recommended.headline_is_short,
    recommended.description_says_more_than_headline,
    recommended.description_is_not_instruction,
    recommended.nothing_is_unknown,
    recommended.area_has_more_than_a_code,
    recommended.circle_has_an_extent,
    recommended.circle_is_in_kilometres,
    recommended.geocode_is_not_empty,
    recommended.times_are_local,
    recommended.status_is_not_test,
    recommended.events_agree,
)


def broken_rules(xml: str) -> list[str]:
    """What is wrong with a CAP document, each with its remedy; empty for a good one. Never raises."""
    return _said_by(RULES, xml)


def advice(xml: str) -> list[str]:
    """What a valid CAP document could do better, each with its remedy. Never raises."""
    return _said_by(ADVICE, xml)


def _said_by(rules: Iterable[Rule], xml: str) -> list[str]:
    """All that the rules say, in their order."""
    try:
        alert = read(xml)
    except Unreadable as error:
        return [str(error)]
    if alert.tag != f"{{{NAMESPACE}}}alert":
        return [f"the root is {alert.tag!r}, not a CAP 1.2 alert: set xmlns to {NAMESPACE}"]
    return [said for rule in rules for said in rule(alert)]
