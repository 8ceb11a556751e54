"""Counts and names as notices give them, in both languages."""

from rencheng.domain.level import WARNING_LEVELS, Level


def counted_zh(counts: dict[Level, int]) -> str:
    """Return the number of warnings of each colour, highest level first."""
    return "、".join(f"{level.chinese}{counts[level]}处" for level in reversed(WARNING_LEVELS) if counts.get(level))


def counted_en(counts: dict[Level, int]) -> str:
    """Return the number of warnings of each colour, highest level first."""
    return ", ".join(f"{counts[level]} {level.word}" for level in reversed(WARNING_LEVELS) if counts.get(level))


def first_names(site_ids: tuple[str, ...], shown_max: int = 5) -> str:
    """Return the first names, and how many more there are."""
    more = len(site_ids) - shown_max
    return ", ".join(site_ids[:shown_max]) + (f" (+{more})" if more > 0 else "")
