"""Generated `$filter` texts: what the grammar allows with any types, well-typed conditions, and any text."""

from hypothesis import strategies as st

_LITERALS = st.sampled_from(
    [
        "1",
        "-2.5",
        "99999999999999999999",
        "1e400",
        "'a'",
        "''''",
        "'%'",
        "null",
        "true",
        "2026-07-20",
        "12:00:00",
        "2026-07-20T00:00:00Z",
        "('a','b')",
        "(1,)",
        "2026-02-31T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "duration'P1D'",
        "geography'x'",
        "now()",
        "00000000-0000-0000-0000-000000000000",
    ]
)
_PATHS = st.sampled_from(
    [
        "id",
        "@iot.id",
        "name",
        "properties",
        "properties/region",
        "properties/online",
        "properties/created_at",
        "location",
        "result",
        "phenomenonTime",
        "parameters/quality",
        "resultQuality",
        "Datastreams/name",
        "Thing/name",
        "Locations/id",
        "Locations/location",
        "Thing/Locations/location",
        "Datastream/Thing/id",
        "FeatureOfInterest/feature",
        "x/y/z",
    ]
)
_FUNCTIONS = st.sampled_from(
    [
        "contains",
        "startswith",
        "endswith",
        "indexof",
        "concat",
        "substring",
        "length",
        "tolower",
        "trim",
        "year",
        "date",
        "round",
        "geo.distance",
        "geo.intersects",
        "geo.length",
        "st_within",
        "st_touches",
        "matchesPattern",
        "any",
    ]
)
_OPERATORS = st.sampled_from(["eq", "ne", "gt", "le", "and", "or", "add", "sub", "mul", "div", "mod", "in", "has"])


def _larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} {} {}".format, smaller, _OPERATORS, smaller),
        st.builds("{}({})".format, _FUNCTIONS, smaller),
        st.builds("{}({},{})".format, _FUNCTIONS, smaller, smaller),
        st.builds("not ({})".format, smaller),
        st.builds("({})".format, smaller),
        st.builds("-{}".format, smaller),
    )


_TEXTS = st.sampled_from(["name", "id", "'g1'", "tolower(name)", "concat(id,'%')", "substring(name,1)", "trim(' x')"])
_NUMBERS = st.sampled_from(["1", "-2.5", "length(name)", "indexof(name,'g')", "round(1.5)", "1 div 0", "year(now())"])
_TIMES = st.sampled_from(["now()", "2026-07-20T00:00:00Z", "now() sub duration'P1D'", "date(now())", "2026-07-20"])
_COMPARISONS = st.sampled_from(["eq", "ne", "gt", "le"])
_CONDITIONS = st.recursive(
    st.one_of(
        *(st.builds("{} {} {}".format, values, _COMPARISONS, values) for values in (_TEXTS, _NUMBERS, _TIMES)),
        st.builds("{}({},{})".format, st.sampled_from(["contains", "startswith", "endswith"]), _TEXTS, _TEXTS),
        st.just("name in ('a','b')"),
    ),
    lambda smaller: (
        st.builds("({} {} {})".format, smaller, st.sampled_from(["and", "or"]), smaller)
        | st.builds("not {}".format, smaller)
    ),
    max_leaves=4,
)
"""Conditions that Things and Datastreams can answer."""

EXPRESSIONS = st.one_of(st.recursive(_LITERALS | _PATHS, _larger, max_leaves=6), st.text(max_size=20), _CONDITIONS)
