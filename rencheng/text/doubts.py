"""A notice of doubt as people read it: headline, description and instruction, in Chinese and in English."""

from dataclasses import dataclass

from rencheng.domain.doubt import DoubtOutcome, DoubtReport
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice
from rencheng.text.en import ENGLISH
from rencheng.text.formatting import centimetres, local, plain, shortened
from rencheng.text.language import Language, LanguageCode
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import HEADLINE_CHARS_MAX, Sentences
from rencheng.text.zh import CHINESE


@dataclass(frozen=True, slots=True)
class _DoubtWords:
    """The words of notices of doubt in one language. In braces: the values that are put in."""

    event: str
    jumped: str
    grew: str
    begun: str
    ended: str
    depth: str
    depths: str
    finding: str
    closing: str
    check: str
    check_by: str
    over: str
    outcomes: dict[DoubtOutcome, str]
    by: str


_WORDS: dict[LanguageCode, _DoubtWords] = {
    "zh": _DoubtWords(
        event="积水读数待核实",
        jumped="突升",
        grew="缓慢上升（可能是积雪）",
        begun="{place}读数{rose}，尚未证实，请现场核实",
        ended="{place}读数{rose}已有定论：{outcome}",
        depth="{depth}厘米",
        depths="{depth}厘米（最低处约{lowest}厘米）",
        finding="{time}，{place}监测点{gauge}读数{rose}至{depth}，达到{colour}阈值{threshold}厘米，尚未证实，本通告不是预警。",
        closing="{time}，{place}监测点{gauge}的读数{rose}（{depth}）已有定论：{outcome}。",
        check="请立即现场核实或调看视频，并回复“有积水”或“无积水”。",
        check_by="请立即现场核实或调看视频（{verify_by}），并回复“有积水”或“无积水”。",
        over="无需再核实。",
        outcomes={
            DoubtOutcome.WARNED: "读数已证实，预警生效",
            DoubtOutcome.FELL_BACK: "读数已回落，未证实有积水",
            DoubtOutcome.CONFIRMED: "经现场核实确有积水{by}",
            DoubtOutcome.DENIED: "经现场核实无积水{by}，设备下方有异物或设备故障",
            DoubtOutcome.ENDED: "已不再待核实",
            DoubtOutcome.UNBOUND: "该监测点已不再用于此处",
        },
        by="（{by}）",
    ),
    "en": _DoubtWords(
        event="Ponding depth to be verified",
        jumped="jumped",
        grew="grew as slowly as snow",
        begun="{place}: depth {rose}, not proven, check on site",
        ended="{place}: the depth that {rose} is settled: {outcome}",
        depth="{depth} cm",
        depths="{depth} cm (about {lowest} cm at the lowest point)",
        finding=(
            "{time}, {place}: gauge {gauge} {rose} to {depth}, which reaches the {colour} threshold of {threshold} cm "
            "and is not proven. This notice is no warning."
        ),
        closing="{time}, {place}: the depth that {rose} at gauge {gauge} ({depth}) is settled: {outcome}.",
        check="Check now, on site or by camera, and answer whether there is water.",
        check_by="Check now, on site or by camera ({verify_by}), and answer whether there is water.",
        over="There is nothing left to check.",
        outcomes={
            DoubtOutcome.WARNED: "it was water, and a warning is in force",
            DoubtOutcome.FELL_BACK: "the depth fell back, water was not proven",
            DoubtOutcome.CONFIRMED: "water was confirmed on site{by}",
            DoubtOutcome.DENIED: "there is no water on site{by}; something is under the gauge, or it is faulty",
            DoubtOutcome.ENDED: "nothing is doubtful any more",
            DoubtOutcome.UNBOUND: "the gauge no longer serves this site",
        },
        by=" by {by}",
    ),
}


def doubt_sentences(notice: SiteNotice, report: DoubtReport, site: Site, publisher: Publisher) -> tuple[Sentences, ...]:
    """Return the texts of a notice of doubt, in Chinese and in English."""
    return (
        _sentences(notice, report, site, publisher.sender_name_zh, CHINESE),
        _sentences(notice, report, site, publisher.sender_name_en, ENGLISH),
    )


def doubt_text(notice: SiteNotice, report: DoubtReport, site: Site) -> tuple[str, str]:
    """Return one line in Chinese and one in English: what was measured, and what to do."""
    zh, en = (_sentences(notice, report, site, "", language) for language in (CHINESE, ENGLISH))
    return f"{zh.description}{zh.instruction}", f"{en.description} {en.instruction}"


def _sentences(notice: SiteNotice, report: DoubtReport, site: Site, sender_name: str, language: Language) -> Sentences:
    words, mark = _WORDS[language.code], language.exercise if notice.is_exercise else ""
    place, outcome = language.place(site), _outcome(report, words)
    headline = words.begun if report.outcome is None else words.ended
    rose = words.grew if report.is_slow else words.jumped
    left = HEADLINE_CHARS_MAX - len(mark) - len(headline.format(place="", outcome=outcome, rose=rose))
    text = (words.finding if report.outcome is None else words.closing).format(
        time=language.time.format(local(notice.issued_at)),
        place=place,
        rose=rose,
        gauge=plain(report.device_id),
        depth=_depth(report, words),
        colour=language.colours[notice.level],
        threshold=centimetres(report.threshold_mm),
        outcome=outcome,
    )
    return Sentences(
        language=language.tag,
        event=words.event,
        sender_name=sender_name,
        place=place,
        headline=shortened(
            mark + headline.format(place=shortened(place, max(left, 1)), outcome=outcome, rose=rose), HEADLINE_CHARS_MAX
        ),
        description=mark + text,
        instruction=mark + _instruction(report, site, words),
    )


def _depth(report: DoubtReport, words: _DoubtWords) -> str:
    """Return the depth at the gauge, and that at the lowest point where it is another."""
    depth, lowest = centimetres(report.gauge_depth_mm), centimetres(report.depth_mm)
    return (words.depth if depth == lowest else words.depths).format(depth=depth, lowest=lowest)


def _outcome(report: DoubtReport, words: _DoubtWords) -> str:
    if report.outcome is None:
        return ""
    by = words.by.format(by=plain(report.settled_by)) if report.settled_by else ""
    return words.outcomes[report.outcome].format(by=by)


def _instruction(report: DoubtReport, site: Site, words: _DoubtWords) -> str:
    if report.outcome is not None:
        return words.over
    return words.check_by.format(verify_by=plain(site.verify_by)) if plain(site.verify_by) else words.check
