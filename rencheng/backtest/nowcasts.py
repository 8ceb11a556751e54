"""The nowcasts of a back-test, read from JSON: a list, each in the form that the API accepts."""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from rencheng.domain.errors import NotPossible
from rencheng.domain.nowcast import SiteNowcast
from rencheng.domain.site import Site
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.schemas.nowcast import NowcastForm


def read_nowcasts(text: str, name: str, sites: Mapping[str, Site]) -> list[SiteNowcast]:
    """Return the nowcasts of the sites of a back-test; those of other sites are skipped.

    Raises:
        NotPossible: the text is no such list. The error names the file.
    """
    try:
        forms = TypeAdapter(list[NowcastForm]).validate_json(text)
    except ValidationError as error:
        findings = [f"{name}: {finding}" for finding in validation_findings(error, "nowcast")]
        raise NotPossible(join_findings(findings, "nothing was evaluated")) from None
    return [each for form in forms for each in form.at_sites(sites) if each.site_id in sites]
