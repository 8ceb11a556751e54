"""The rules of what speaks for a level, at their edges: what mutants survived."""

from rencheng.domain.level import Level
from services.alerts.engine.arming import UNARMED
from services.alerts.engine.findings import expected
from services.alerts.engine.gauge import NEW
from services.alerts.engine.outlook import Crossing
from services.alerts.engine.rules import rules_of
from services.alerts.engine.sight import Sight
from services.alerts.engine.state import SiteState
from services.alerts.learning.shipped import street_model
from tests.alerts.gauge_play import site

NOW_S = 1e9
SURE = Crossing(0.9, (0.1, 0.5, 0.8, 0.9), 600.0, 300.0, 900.0)


def test_what_others_expect_is_said_without_reasons_where_the_gauge_that_speaks_has_no_spell() -> None:
    sight = Sight(NOW_S, 5.0, "G1/0", NEW, (None, SURE, None, None), ("G1", "G2", "G3"))
    found = expected(SiteState(), sight, rules_of(site(), street_model()), UNARMED)

    assert found is not None
    assert (found[0], found[1].probability, found[1].because) == (Level.YELLOW, 0.9, ())
