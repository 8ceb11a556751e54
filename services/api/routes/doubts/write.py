"""Doubts: the answer of a person who looked."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.doubt import DoubtAnswerKind
from rencheng.domain.errors import NoLongerOpen, NotPossible
from rencheng.operations.doubts import answer_doubt
from rencheng.schemas.doubt import AnswerForm
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Db
from services.api.http.errors import Conflict, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.routes.doubts.read import DoubtId

router = APIRouter(route_class=ChangeRoute, prefix="/doubts", tags=["doubts"])


class DoubtAnswerRequest(AnswerForm):
    """The answer of a person who looked at the site, or at its camera."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "confirm", "by": "patrol 2", "note": "water to the kerb"}]}
    )


class AnsweredDoubt(ApiModel):
    """The doubt and the answer that was recorded."""

    model_config = example(doubt_id="road-7-doubt-20260720T081200Z", site_id="road-7", answer="confirm")

    doubt_id: str
    site_id: str
    answer: DoubtAnswerKind


@router.post(
    "/{doubt_id}/answer",
    summary="Answer a doubt 答复待核实读数",
    operation_id="post_doubt_answer",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def post_doubt_answer(database: Db, actor: Actor, doubt_id: DoubtId, answer: DoubtAnswerRequest) -> AnsweredDoubt:
    """Settle a doubt. `confirm`: a warning follows as the depth asks. `deny`: it counts as a fault of the gauge.

    It takes effect within seconds. A doubt that is settled or answered already is refused with 409.
    """
    with database.write() as connection:
        try:
            given = answer_doubt(connection, doubt_id, answer.answer, by=answer.by, note=answer.note, actor=actor)
        except NoLongerOpen as error:
            raise Conflict(f"{error}.") from None
        except NotPossible:
            raise NotFound(f"There is no doubt {doubt_id!r}.") from None
    return AnsweredDoubt(doubt_id=doubt_id, site_id=given.site_id, answer=given.kind)
