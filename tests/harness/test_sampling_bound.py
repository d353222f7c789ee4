"""Bounds: against published values, against enumeration, and as laws."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.sampling import bound as bounding
from harness.sampling.bound import (
    Found,
    Method,
    bound_of,
    drawn_for,
    highest_rate,
    most_wrong,
)
from harness.sampling.claim import Asked
from tests.harness.planted import ROOT

ALPHA = Fraction(1, 20)
ENDLESS = 10**9
"""So many accounts that a stratum of them is never finite."""

alphas = st.sampled_from([Fraction(1, 2), ALPHA, Fraction(1, 40), Fraction(1, 1000)])


def chance(accounts: int, number: int, drawn: int, wrong: int) -> Fraction:
    """P(`wrong` or fewer are drawn), by counting all ways."""
    ways = sum(
        math.comb(number, one) * math.comb(accounts - number, drawn - one)
        for one in range(wrong + 1)
    )
    return Fraction(ways, math.comb(accounts, drawn))


def binomial(rate: Fraction, drawn: int, wrong: int) -> Fraction:
    """P(`wrong` or fewer of `drawn`) at a rate, exactly."""
    return sum(
        (
            math.comb(drawn, one) * rate**one * (1 - rate) ** (drawn - one)
            for one in range(wrong + 1)
        ),
        Fraction(0),
    )


# --- published values


@pytest.mark.parametrize(
    ("drawn", "wrong", "alpha", "published"),
    [
        # the upper ends of two-sided 95 % intervals, as Clopper and Pearson's are printed
        (10, 0, Fraction(1, 40), "0.3085"),
        (10, 1, Fraction(1, 40), "0.4450"),
        (10, 5, Fraction(1, 40), "0.8129"),
        (20, 1, Fraction(1, 40), "0.2487"),
        (100, 2, Fraction(1, 40), "0.0704"),
        (1000, 10, Fraction(1, 40), "0.0183"),
        # one-sided, no failure: 1 - 0.05 ** (1 / n)
        (1, 0, ALPHA, "0.9500"),
        (59, 0, ALPHA, "0.0495"),
        (299, 0, ALPHA, "0.0100"),
    ],
)
def test_clopper_and_pearsons_limits_are_the_published_ones(
    drawn: int, wrong: int, alpha: Fraction, published: str
) -> None:
    assert f"{float(highest_rate(drawn, wrong, alpha)):.4f}" == published


@pytest.mark.parametrize(
    ("wrong_max", "alpha", "needed"),
    [
        (Fraction(1, 20), ALPHA, 59),
        (Fraction(1, 100), ALPHA, 299),
        (Fraction(1, 1000), ALPHA, 2_995),
        (Fraction(1, 1000), ALPHA / 2, 3_688),
        (Fraction(1, 1000), Fraction(1, 100), 4_603),
        (Fraction(1, 10_000), ALPHA, 29_956),
    ],
)
def test_so_many_accounts_without_a_failure_bound_a_rate(
    wrong_max: Fraction, alpha: Fraction, needed: int
) -> None:
    assert drawn_for(wrong_max, accounts=ENDLESS, alpha=alpha) == needed
    assert (1 - wrong_max) ** needed <= alpha < (1 - wrong_max) ** (needed - 1)


def test_the_page_tells_the_needed_accounts_as_they_are_computed() -> None:
    page = (ROOT / "docs" / "sampling.md").read_text()
    number = r" ([\d,]+) \|"
    rows = re.findall(rf"^\| (1/\d+) \|{number * 4}$", page, re.M)

    assert len(rows) == 2
    for wrong_max, *told in rows:
        alphas = [ALPHA, *(Asked().alpha(number) for number in (1, 2, 10))]
        needed = [drawn_for(Fraction(wrong_max), accounts=ENDLESS, alpha=one) for one in alphas]
        assert told == [f"{number:,}" for number in needed]


def test_failures_ask_for_more_accounts_by_the_poisson_ratios() -> None:
    """One failure takes 4.744 / 2.996 as many accounts, two take 6.296 / 2.996 as many."""
    needed = [
        drawn_for(Fraction(1, 1000), accounts=ENDLESS, alpha=ALPHA, wrong=n) for n in (0, 1, 2)
    ]

    assert needed == [2_995, 4_742, 6_294]


@pytest.mark.parametrize(
    ("accounts", "wrong_max", "needed"),
    [
        # one wrong account is too many: nine in ten must be drawn to find it with 90 %
        (500, Fraction(1, 1000), 475),
        (20, Fraction(1, 100), 19),
        (1_000, Fraction(1, 1000), 777),
        (41_210, Fraction(1, 1000), 2_836),
    ],
)
def test_a_finite_stratum_needs_fewer_and_never_more_than_it_has(
    accounts: int, wrong_max: Fraction, needed: int
) -> None:
    too_many = math.floor(wrong_max * accounts) + 1

    assert drawn_for(wrong_max, accounts=accounts, alpha=ALPHA) == needed
    assert chance(accounts, too_many, needed, 0) <= ALPHA
    assert chance(accounts, too_many, needed - 1, 0) > ALPHA


# --- enumeration


def test_the_hypergeometric_bound_is_what_enumeration_finds() -> None:
    """Every small stratum, every draw, every finding; a chance of exactly alpha is no excess."""
    for accounts in range(1, 15):
        for drawn, alpha in itertools.product(range(1, accounts), (ALPHA, Fraction(1, 10))):
            for wrong in range(drawn + 1):
                by_hand = max(
                    number
                    for number in range(wrong, accounts - drawn + wrong + 1)
                    if number == wrong or chance(accounts, number, drawn, wrong) > alpha
                )
                assert most_wrong(accounts, drawn, wrong, alpha) == by_hand


def test_a_chance_on_the_line_is_counted_with_whole_numbers() -> None:
    assert chance(20, 1, 19, 0) == ALPHA
    assert most_wrong(20, 19, 0, ALPHA) == 0
    assert most_wrong(20, 18, 0, ALPHA) == 1


@pytest.mark.parametrize("alpha", [ALPHA, Fraction(1, 5)], ids=str)
@pytest.mark.parametrize("accounts", [7, 24, 60])
def test_a_bound_is_below_the_truth_at_most_as_often_as_it_says(
    accounts: int, alpha: Fraction
) -> None:
    """P(bound < truth) <= alpha for every truth and size, whichever method the size asks for."""
    for drawn in range(1, accounts + 1):
        shares = [
            bound_of(Found(accounts=accounts, drawn=drawn, wrong=wrong), alpha=alpha).share
            for wrong in range(drawn + 1)
        ]
        for truth in range(accounts + 1):
            deceived = sum(
                (
                    Fraction(
                        math.comb(truth, wrong) * math.comb(accounts - truth, drawn - wrong),
                        math.comb(accounts, drawn),
                    )
                    for wrong in range(drawn + 1)
                    if shares[wrong] < Fraction(truth, accounts)
                ),
                Fraction(0),
            )
            assert deceived <= alpha, (drawn, truth)


@pytest.mark.parametrize("drawn", [1, 3, 8, 12])
def test_clopper_and_pearson_hold_in_a_stratum_that_is_drawn_without_replacement(
    drawn: int,
) -> None:
    """Up to a twentieth drawn: the limit is for an endless stratum, and right for a finite one."""
    accounts = 20 * drawn
    shares = [highest_rate(drawn, wrong, ALPHA) for wrong in range(drawn + 1)]

    for truth in range(accounts + 1):
        missed = [wrong for wrong in range(drawn + 1) if shares[wrong] < Fraction(truth, accounts)]
        assert not missed or chance(accounts, truth, drawn, max(missed)) <= ALPHA


# --- laws


@st.composite
def findings(draw: st.DrawFn) -> Found:
    accounts = draw(st.integers(1, 5_000))
    apart = draw(st.integers(0, accounts // 2))
    drawn = draw(st.integers(0, accounts - apart))
    return Found(
        accounts=accounts,
        drawn=drawn,
        wrong=draw(st.integers(0, drawn)),
        apart=apart,
        wrong_apart=draw(st.integers(0, apart)),
    )


def share(found: Found, alpha: Fraction = ALPHA, **changes: int) -> Fraction:
    values = {
        "accounts": found.accounts, "drawn": found.drawn, "wrong": found.wrong,
        "apart": found.apart, "wrong_apart": found.wrong_apart,
    }  # fmt: skip
    return bound_of(Found(**{**values, **changes}), alpha=alpha).share


@settings(deadline=None)
@given(findings(), alphas)
def test_a_bound_is_never_below_what_was_found(found: Found, alpha: Fraction) -> None:
    seen = Fraction(found.wrong + found.wrong_apart, found.accounts)

    assert seen <= share(found, alpha) <= 1


@settings(deadline=None)
@given(findings(), alphas)
def test_one_more_failure_never_lowers_a_bound(found: Found, alpha: Fraction) -> None:
    if found.wrong < found.drawn:
        assert share(found, alpha) <= share(found, alpha, wrong=found.wrong + 1)
    if found.wrong_apart < found.apart:
        more = share(found, alpha, wrong_apart=found.wrong_apart + 1)
        assert share(found, alpha) <= more


@settings(deadline=None)
@given(findings(), alphas)
def test_one_more_account_without_failure_never_raises_a_bound(
    found: Found, alpha: Fraction
) -> None:
    """Also where the method changes: at a twentieth of the stratum, and at the whole of it."""
    if found.drawn < found.drawable:
        assert share(found, alpha, drawn=found.drawn + 1) <= share(found, alpha)


@settings(deadline=None)
@given(findings())
def test_more_confidence_never_lowers_a_bound(found: Found) -> None:
    assert share(found, ALPHA) <= share(found, ALPHA / 2) <= share(found, Fraction(1, 1000))


@settings(deadline=None)
@given(
    st.integers(1, 3_000), st.integers(0, 5), st.integers(0, 4), alphas,
    st.sampled_from([Fraction(1, 3), Fraction(1, 100), Fraction(1, 1000)]),
)  # fmt: skip
def test_what_is_needed_is_enough_and_one_less_is_not(
    accounts: int, apart: int, wrong: int, alpha: Fraction, wrong_max: Fraction
) -> None:
    apart = min(apart, accounts - 1)
    needed = drawn_for(wrong_max, accounts=accounts, alpha=alpha, wrong=wrong, apart=apart)

    def at(drawn: int) -> Fraction:
        found = Found(accounts=accounts, drawn=drawn, wrong=wrong, apart=apart)
        return bound_of(found, alpha=alpha).share

    if needed is None:
        assert wrong > accounts - apart or Fraction(wrong, accounts) > wrong_max
    else:
        assert at(needed) <= wrong_max
        assert needed == wrong or at(needed - 1) > wrong_max


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2_000), st.data(), alphas)
def test_the_float_of_clopper_and_pearson_is_on_the_safe_side(
    drawn: int, data: st.DataObject, alpha: Fraction
) -> None:
    wrong = data.draw(st.integers(0, min(drawn, 20)))
    limit = highest_rate(drawn, wrong, alpha)

    assert wrong == drawn or binomial(limit, drawn, wrong) <= alpha
    assert wrong == drawn or binomial(limit - Fraction(3, 10**9), drawn, wrong) > alpha


# --- methods, and SciPy


@pytest.mark.parametrize(
    ("accounts", "drawn", "apart", "method"),
    [
        (100, 5, 0, Method.BINOMIAL),
        (100, 6, 0, Method.HYPERGEOMETRIC),
        (100, 99, 0, Method.HYPERGEOMETRIC),
        (100, 100, 0, Method.CENSUS),
        (100, 0, 0, Method.NONE),
        (0, 0, 0, Method.NONE),
        (100, 5, 1, Method.HYPERGEOMETRIC),  # 5 of the 99 that can be drawn
        (100, 60, 40, Method.CENSUS),
        (40, 0, 40, Method.CENSUS),
    ],
)
def test_the_method_follows_from_how_much_of_a_stratum_is_drawn(
    accounts: int, drawn: int, apart: int, method: Method
) -> None:
    found = Found(accounts=accounts, drawn=drawn, wrong=0, apart=apart)

    assert found.method is method
    assert bound_of(found, alpha=ALPHA).method is method


def test_a_census_is_no_bound_but_what_is() -> None:
    found = Found(accounts=40, drawn=38, wrong=1, apart=2, wrong_apart=1)

    assert bound_of(found, alpha=ALPHA) == (Fraction(2, 40), Method.CENSUS)


def test_nothing_drawn_bounds_nothing() -> None:
    found = Found(accounts=40, drawn=0, wrong=0)

    assert bound_of(found, alpha=ALPHA).share == 1


def test_of_burned_accounts_only_what_was_found_of_them_counts() -> None:
    alone = bound_of(Found(accounts=1_000, drawn=500, wrong=0), alpha=ALPHA).share
    good = bound_of(Found(accounts=1_010, drawn=500, wrong=0, apart=10), alpha=ALPHA).share
    bad = bound_of(
        Found(accounts=1_010, drawn=500, wrong=0, apart=10, wrong_apart=10), alpha=ALPHA
    ).share

    assert good * 1_010 == alone * 1_000
    assert bad * 1_010 == alone * 1_000 + 10


def test_without_scipy_a_bound_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    bounding._distributions.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy.stats", None)

    with pytest.raises(InputError) as missing:
        bound_of(Found(accounts=1_234, drawn=567, wrong=1), alpha=ALPHA)

    bounding._distributions.cache_clear()
    assert missing.value.slug == "sampling-missing"
    assert "sampling" in missing.value.hint


def test_a_census_needs_no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    bounding._distributions.cache_clear()

    share = bound_of(Found(accounts=9, drawn=9, wrong=1), alpha=ALPHA).share

    assert share == Fraction(1, 9)


def test_importing_the_whole_package_does_not_import_scipy() -> None:
    probe = (
        "import importlib, pkgutil, sys\n"
        "import harness.sampling\n"
        "for m in pkgutil.walk_packages(harness.sampling.__path__, 'harness.sampling.'):\n"
        "    importlib.import_module(m.name)\n"
        "print([name for name in sys.modules if name.startswith(('scipy', 'numpy'))])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "[]", done.stdout + done.stderr
