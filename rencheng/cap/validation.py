"""Rules beyond CAP's schema: receivers reject or hide some documents that the schema accepts.

`violations` lists the faults that must be corrected before sending, `recommendations` possible improvements.
"""

from collections.abc import Iterable

from rencheng.cap.rules import alert, area, info, recommended, resource
from rencheng.cap.xml import CAP_NAMESPACE, Rule, UnreadableXml, cap_tag, parse

RULES: tuple[Rule, ...] = (
    alert.identifier_and_sender_are_tokens,
    alert.times_have_an_offset,
    alert.restriction_needs_scope_restricted,
    alert.scope_restricted_has_restriction,
    alert.scope_private_has_addresses,
    alert.references_are_triples,
    alert.references_are_to_other_messages,
    alert.references_are_earlier,
    alert.update_and_cancel_have_references,
    alert.has_info,
    info.categories_agree,
    info.event_codes_agree,
    info.has_description,
    info.has_web,
    info.has_expires,
    info.has_urgency,
    info.has_severity,
    info.has_certainty,
    info.has_area,
    info.effective_before_expires,
    info.languages_are_tags,
    info.languages_differ_in_text,
    info.web_is_absolute,
    info.texts_have_no_markup,
    resource.mime_type_is_known,
    resource.uri_is_absolute_or_enclosed,
    resource.enclosure_is_base64,
    area.area_has_shape_or_geocode,
    area.polygon_is_list_of_points,
    area.polygon_has_at_most_500_corners,
    area.polygon_is_closed,
    area.polygon_does_not_cross_itself,
    area.circle_is_point_and_radius,
    area.radius_is_not_negative,
    area.coordinates_are_in_range,
    area.coordinates_match_geocode,
    area.ceiling_needs_altitude,
    area.ceiling_is_above_altitude,
)

RECOMMENDATIONS: tuple[Rule, ...] = (
    recommended.optional_elements_are_present,
    recommended.headline_is_short,
    recommended.description_differs_from_headline,
    recommended.description_differs_from_instruction,
    recommended.urgency_severity_certainty_are_known,
    recommended.area_has_polygon_or_circle,
    recommended.circle_has_radius,
    recommended.radius_is_in_kilometres,
    recommended.geocode_is_complete,
    recommended.times_have_local_offset,
    recommended.status_is_not_test,
    recommended.events_agree_per_language,
)


def violations(xml: str) -> list[str]:
    """Return the faults of a CAP document, each with its remedy; empty for a valid one. Never raises."""
    return _findings(RULES, xml)


def recommendations(xml: str) -> list[str]:
    """Return the possible improvements of a valid CAP document, each with its remedy. Never raises."""
    return _findings(RECOMMENDATIONS, xml)


def _findings(rules: Iterable[Rule], xml: str) -> list[str]:
    """Return the findings of all rules, in the order of the rules."""
    try:
        root = parse(xml)
    except UnreadableXml as error:
        return [str(error)]
    if root.tag != cap_tag("alert"):
        return [f"the root is {root.tag!r}, not a CAP 1.2 alert: set xmlns to {CAP_NAMESPACE}"]
    return [finding for rule in rules for finding in rule(root)]
