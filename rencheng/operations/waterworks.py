"""Accept the states of pumps and the tide tables of sites."""

from datetime import UTC, datetime

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.site import Site
from rencheng.domain.waterworks import PumpReport
from rencheng.schemas.waterworks import PumpForm, TideForm
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.registry.sites import find_sites
from rencheng.store.waterworks import pump_report_before, replace_high_waters, save_pump_report


def report_pump(connection: Connection, site_id: str, form: PumpForm, *, actor: str) -> PumpReport:
    """Save the state of a pump. The alert service takes it over within seconds.

    Raises:
        NotPossible: there is no such site, or the report has expired already.
    """
    site, now = _site(connection, site_id), datetime.now(UTC)
    if form.until <= now and site.world == ACTUAL:
        raise NotPossible(f"the report of pump {form.pump} expired at {form.until.isoformat()}; give a later `until`")
    report = PumpReport(site_id, form.pump, form.state, now.timestamp(), form.until.timestamp())
    before = pump_report_before(connection, site_id, form.pump)
    save_pump_report(connection, report)
    detail = {
        "before": {"state": before[0], "until": before[1].isoformat()} if before else None,
        "after": {"state": form.state.value, "until": form.until.isoformat()},
        "pump": form.pump,
        "note": form.note,
    }
    audit.record(connection, actor, "site.pump", f"site {site_id}", detail)
    return report


def accept_tides(connection: Connection, site_id: str, form: TideForm, *, actor: str) -> int:
    """Replace the high waters of a site that a source gave, and return how many there are now.

    Raises:
        NotPossible: there is no such site.
    """
    _site(connection, site_id)
    tides = form.of_site(site_id)
    before = replace_high_waters(connection, site_id, form.source, tides)
    last = max(one.at for one in form.high_waters).isoformat()
    detail = {"before": {"high_waters": before}, "after": {"high_waters": len(tides), "last": last}}
    audit.record(connection, actor, "site.tides", f"site {site_id}", detail | {"source": form.source})
    return len(tides)


def _site(connection: Connection, site_id: str) -> Site:
    site = find_sites(connection, [site_id]).get(site_id)
    if site is None:
        raise NotPossible(f"there is no site {site_id!r}; `rencheng site list` shows all")
    return site
