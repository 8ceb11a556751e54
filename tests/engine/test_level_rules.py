"""The rules of what speaks for a level, at their edges: what mutants survived."""

from rencheng.domain.level import Level
from rencheng.engine.arming import UNARMED
from rencheng.engine.forecast.forecast import ThresholdForecast
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.fusion import FusedDepth
from rencheng.engine.gauge import NEW
from rencheng.engine.level_rules import expected
from rencheng.engine.site_policy import policy_of
from rencheng.engine.state import SiteState
from tests.support.gauge_play import site

NOW_S = 1e9
SURE = ThresholdForecast(0.9, (0.1, 0.5, 0.8, 0.9), 600.0, 300.0, 900.0)


def test_a_forecast_of_another_gauge_has_no_attribution_if_the_deciding_gauge_has_no_event() -> None:
    fused = FusedDepth(NOW_S, 5.0, "G1/0", NEW, (None, SURE, None, None), ("G1", "G2", "G3"))
    found = expected(SiteState(), fused, policy_of(site(), street_model()), UNARMED)

    assert found is not None
    assert (found[0], found[1].probability, found[1].attribution) == (Level.YELLOW, 0.9, ())
