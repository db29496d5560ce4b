from __future__ import annotations

import difflib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from pinnace.spec.problems import did_you_mean

WORDS = st.text("abcdeX-", min_size=1, max_size=9)


@given(WORDS, st.lists(WORDS, max_size=8, unique_by=str.lower))
def test_the_guess_is_the_closest_word_as_difflib_has_it(word: str, known: list[str]) -> None:
    near = {each.lower(): each for each in known if abs(len(each) - len(word)) <= max(2, len(word) // 2)}
    closest = difflib.get_close_matches(word.lower(), near, n=1, cutoff=0.6)
    assert did_you_mean(word, known) == (f"did you mean '{near[closest[0]]}'?" if closest else "")


def test_a_guess_among_very_many_words_looks_at_the_first_alone() -> None:
    seen: list[str] = []

    def known() -> Iterator[str]:
        for number in range(100_000):
            seen.append(f"t{number}")
            yield seen[-1]

    assert did_you_mean("missing-template", known()) == ""
    assert len(seen) <= 1000
