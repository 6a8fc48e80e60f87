"""Dictionaries and sets that can go back to what they were."""

import random

import pytest

from adxform.frontend.journal import Journal, JournalSet


@pytest.mark.parametrize("seed", range(20))
def test_a_journal_goes_back_as_a_copy_would(seed):
    rng, journal = random.Random(seed), Journal()
    copies = []
    for step in range(200):
        key = rng.randrange(8)
        match rng.randrange(5):
            case 0 | 1:
                journal[key] = step + 1
            case 2:
                journal.drop(key)
            case 3:
                copies.append((journal.mark(), dict(journal)))
            case _ if copies:
                place = rng.randrange(len(copies))
                mark, copy = copies[place]
                del copies[place + 1 :]
                now, before = dict(journal), journal.before(mark)
                assert before.items() >= {k: copy.get(k) for k in before}.items()
                assert all(copy.get(k) == now.get(k) for k in range(8) if k not in before)
                assert journal.back(mark) == {k: now.get(k) for k in before}
                assert dict(journal) == copy


def test_a_set_notes_only_what_changes():
    items = JournalSet()
    items.add(1)
    mark = items.held.mark()
    items.add(1)
    items.discard(2)
    assert items.held.mark() == mark
    items -= {1}
    items.add(3)
    assert set(items) == {3} and items.held.before(mark) == {1: True, 3: None}
    items.held.back(mark)
    assert set(items) == {1}
