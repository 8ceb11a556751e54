"""Rain signals in CAP 1.2 and in the national form."""

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier><sender>weather@jinan.example</sender><sent>2026-07-20T15:30:00+08:00</sent>
  <status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{references}
  <info><language>zh-CN</language><category>Met</category><event>{event}</event><urgency>Immediate</urgency>
    <severity>{severity}</severity><certainty>Likely</certainty>
    <effective>2026-07-20T15:30:00+08:00</effective>{expires}
    <headline>济南市气象台发布{event}预警</headline>
    <area><areaDesc>济南市</areaDesc><geocode><valueName>GB/T 2260</valueName><value>{region}</value></geocode></area>
  </info>
</alert>"""

NATIONAL = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="http://com.icss.amp">
  <identifier>37010041600000_20260720153000</identifier><sender>37010041600000</sender>
  <sendTime>2026-07-20 15:30:00+08:00</sendTime><status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>
  <references>{references}</references>
  <info><eventType>{event}</eventType><severity>{severity}</severity><urgency>Unknown</urgency>
    <certainty>Unknown</certainty><expires>2026-07-20 21:30:00+08:00</expires><headline>济南市气象台发布预警</headline>
    <area><areaDesc>济南</areaDesc><geocode>370102000000,370103000000</geocode></area>
  </info>
</alert>"""

EXPIRES = "<expires>2026-07-20T18:00:00+08:00</expires>"


def cap(**changed: str) -> str:
    usual = {
        "identifier": "S1",
        "status": "Actual",
        "kind": "Alert",
        "references": "",
        "event": "暴雨橙色",
        "severity": "Severe",
        "expires": EXPIRES,
        "region": "370100",
    }
    return CAP.format(**usual | changed)


def national(**changed: str) -> str:
    usual = {"kind": "Alert", "references": "", "event": "11B03", "severity": "Yellow"}
    return NATIONAL.format(**usual | changed)


REFERENCES = "<references>s@x,S0,2026-07-20T15:00:00+08:00</references>"


def info(
    headline: str = "市气象台发布暴雨橙色预警",
    *,
    event: str = "暴雨",
    severity: str = "Unknown",
    regions: str = "370102",
    more: str = "",
    expires: str = "2026-07-20T21:30:00+08:00",
    language: str = "zh-CN",
    urgency: str = "Expected",
) -> str:
    return (
        f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
        f"<urgency>{urgency}</urgency><severity>{severity}</severity><certainty>Likely</certainty>{more}"
        f"<expires>{expires}</expires><headline>{headline}</headline>"
        "<area><areaDesc>x</areaDesc><geocode><valueName>GB/T 2260</valueName>"
        f"<value>{regions}</value></geocode></area></info>"
    )


def alert(*infos: str, kind: str = "Alert", references: str = "") -> str:
    return (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>S1</identifier><sender>s@x</sender>'
        f"<sent>2026-07-20T15:30:00+08:00</sent><status>Actual</status><msgType>{kind}</msgType>"
        f"<scope>Public</scope>{references}{''.join(infos)}</alert>"
    )
