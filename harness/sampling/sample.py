"""The command `shadow sample`: accounts are drawn, evaluated, burned, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from harness.compose import compose
from harness.errors import ExitCode, HarnessError, InputError
from harness.gate import worst
from harness.names import hint
from harness.record.pseudonym import pseudonyms, read_key
from harness.record.raw_files import read_lines
from harness.recorded import recorder_of
from harness.report.json_report import dumped
from harness.sampling.bound import drawn_for
from harness.sampling.draw import Draw, Seed, drawable, unlisted
from harness.sampling.draw import draw as drawn_from
from harness.sampling.drawn_list import list_of, sample_of, sizes_of
from harness.sampling.frame import missing_list
from harness.sampling.ledger import Drawn, Evaluated
from harness.sampling.sample_bench import SCHEMA, Bench, latest, tell
from harness.sampling.sampled import Sampling, list_file
from harness.sampling.tally import Tally
from harness.text import quoted, shown_path
from harness.whole_file import replace_file, unwritable

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]


def status(config: Path | None, *, as_json: bool, say: Say, complain: Complain) -> ExitCode:
    """Say what there is: population, draw, what the ledger says came of it, what may be claimed.

    Raises:
        InputError: a file cannot be used; or `sampling-missing`, where a sample was evaluated.
    """
    bench = Bench(compose(config, ()))
    sampling = bench.sampling
    counted = latest(sampling) if sampling is not None else None
    tell(bench, "status", counted=counted, as_json=as_json, say=say)
    failures = bench.composition.loaded.failures if bench.scenarios else ()
    for failure in failures:
        complain(failure)
    return worst([ExitCode.OPEN, *(one.exit_code for one in failures)])


def draw(
    config: Path | None,
    *,
    size: int | None,
    bound: str | None,
    as_json: bool,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Draw accounts of each stratum, write their list, and enter the draw.

    Args:
        config: the configuration file; None looks for it.
        size: how many of each stratum; None where `bound` says it.
        bound: a share such as `1/1000`: as many as bound the wrong ones by it if none is found.
        as_json: whether the report is JSON.
        say: where the report goes.
        complain: where errors go.

    Raises:
        InputError: there is no frame, its lists are not there, or the ledger is broken.
    """
    del complain
    bench = Bench(compose(config, ()))
    sampling = bench.framed()
    ledger = sampling.ledger.sound()
    for stratum in filter(lambda one: not one.listed, sampling.frame.strata):
        raise missing_list(stratum)
    last = ledger.entries[-1] if ledger.entries else None
    number = len(ledger.draws()) + 1
    sizes = _sizes(bench, sampling, size, bound, number - 1)
    previous = ledger.last
    if isinstance(last, Drawn) and _same(sampling, last, sizes):
        previous = last.previous
    else:
        sizes = _sizes(bench, sampling, size, bound, number)
    seed = Seed(sampling.frame.sha256, sampling.candidate, previous)
    drawn = drawn_from(sampling.frame, seed, sizes, sampling.burned.accounts)
    content = list_of(drawn, seed)
    sample = sample_of(content)
    file = list_file(ledger, sample)
    did = f"Drawn already, listed in {shown_path(file)}"
    if last is None or sample != last.sample:
        ledger.enter(_draw_entry(sampling, sample, drawn, bench.today))
        total = sum(len(part.drawn) for part in drawn.values())
        did = f"Drawn: {total:,} accounts, listed in {shown_path(file)}; record them"
    _write(file, content)  # after the ledger: a list that no line draws is taken for tampering
    again = Bench(bench.composition)  # reads what stands there now
    tell(again, "draw", counted=latest(again.framed()), as_json=as_json, say=say, did=did)
    return ExitCode.OPEN


def evaluate(config: Path | None, *, as_json: bool, say: Say, complain: Complain) -> ExitCode:
    """Replay everything, count the accounts of the sample, and enter what came of it.

    The exit code is 1 where a drawn account is wrong on a path, or the sample gives no credit.

    Raises:
        InputError: there is no sample, its list is not the one that was drawn, or the ledger is
            broken.
    """
    bench = Bench(compose(config, ()))
    sampling = bench.framed()
    sampling.ledger.sound()
    entry = sampling.entry
    if entry is None:
        message = "nothing was drawn from this frame"
        raise InputError("sample-none", message, sampling.frame.file, "shadow sample draw --n N")
    if not sampling.draw:
        message = f"the draw of {entry.date} cannot be used: {sampling.doubt}"
        fix = "take the list back from the repository, or draw again"
        raise InputError("sample-none", message, sampling.frame.file, fix)
    counted = bench.evaluated(sampling)
    before = sampling.ledger.evaluations(entry.sample)
    same = before and (before[-1].subject, before[-1].results, before[-1].recorded) == (
        sampling.subject, counted.results, counted.recorded,
    )  # fmt: skip
    if not same:
        sampling.ledger.enter(_entry(sampling, entry, counted, bench.today))
    did = f"Entered already on {before[-1].date}" if same else "Entered in the ledger"
    again = Bench(bench.composition)
    reasons = tell(again, "evaluate", counted=counted, as_json=as_json, say=say, did=did)
    for failure in bench.failures:
        complain(failure)
    wrong = any(one.wrong for strata in counted.results.values() for one in strata.values())
    codes = [ExitCode.CLOSED if wrong or reasons else ExitCode.OPEN]
    return worst([*codes, *(one.exit_code for one in bench.failures)])


def burn(
    config: Path | None,
    account: str,
    reason: str,
    *,
    as_json: bool,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Say that somebody looked at an account, so that no sample rests on it any more.

    Raises:
        InputError: nobody knows the account, it is burned already, or no reason is given.
    """
    del complain
    bench = Bench(compose(config, ()))
    sampling = bench.framed()
    known = {one for part in sampling.draw.values() for one in part.drawn}
    known |= bench.recorded
    if account not in known:
        elsewhere = sampling.frame.listed and not unlisted(sampling.frame, {account})
        if not elsewhere:
            message = f"no account is known as {quoted(account)}"
            raise InputError("unknown-account", message, hint=hint(account, known))
    burned = sampling.burned.burn(account, reason, bench.today)
    did = f"Burned: {account}, {len(burned.accounts)} in {shown_path(burned.file)}"
    again = Bench(bench.composition)
    tell(again, "burn", counted=latest(again.framed()), as_json=as_json, say=say, did=did)
    return ExitCode.OPEN


def ids(
    config: Path | None, file: Path, *, key: Path, as_json: bool, say: Say, complain: Complain
) -> ExitCode:
    """Print the ids that recorded scenarios of accounts have, for a frame's list.

    Raises:
        InputError: the kit's recorder cannot say, or a file cannot be read.
    """
    del complain
    composition = compose(config, ())
    name: Any = getattr(recorder_of(composition.kit), "scenario_id", None)
    if name is None:
        message = f"the recorder of {composition.config.world} cannot name an account's scenario"
        fix = "give it scenario_id(account, pseudonym), which its recordings' ids are made by"
        raise InputError("no-recorder", message, hint=fix)
    pseudonym = pseudonyms(read_key(key))
    made = sorted({name(account, pseudonym) for account in read_lines(file)})
    if as_json:
        say(dumped({"schema": SCHEMA, "command": "ids", "ids": made}))
    else:
        say("\n".join(made))
    return ExitCode.OPEN


# --- what is entered ----------------------------------------------------------------------


def _sizes(
    bench: Bench, sampling: Sampling, size: int | None, bound: str | None, number: int
) -> dict[str, int]:
    """Stratum → how many to draw, in the ledger's draw of a number."""
    frame = sampling.frame
    if size is not None:
        return {stratum.name: size for stratum in frame.strata}
    share = _share(bound or "")
    alpha = bench.asked.alpha(max(number, 1))
    free = drawable(frame, frozenset(sampling.burned.accounts))
    return {
        stratum.name: drawn_for(
            share,
            accounts=stratum.accounts,
            alpha=alpha,
            apart=stratum.accounts - free[stratum.name],
        )
        or 0
        for stratum in frame.strata
    }


def _same(sampling: Sampling, last: Drawn, sizes: Mapping[str, int]) -> bool:
    """Whether the ledger's last line is the very draw that is asked for, so that it is kept."""
    return (
        (last.frame, last.subject) == (sampling.frame.sha256, sampling.subject)
        and last.burned_sha256 == sampling.burned.sha256
        and all(
            size.drawn == min(sizes[name], size.accounts - size.burned)
            for name, size in last.strata.items()
        )
    )


def _share(text: str) -> Fraction:
    """A share such as 1/1000.

    Raises:
        InputError: it is none between 0 and 1.
    """
    over, _, under = text.partition("/")
    if over.isascii() and over.isdigit() and under.isascii() and under.isdigit() and int(under):
        share = Fraction(int(over), int(under))
        if 0 < share < 1:
            return share
    raise InputError("sample-bound", f"{quoted(text)} is no share", hint="such as 1/1000")


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(file, error) from error
    replace_file(file, content)


def _draw_entry(sampling: Sampling, sample: str, drawn: Draw, day: date) -> Drawn:
    return Drawn(
        date=day,
        frame=sampling.frame.sha256,
        candidate=sampling.candidate,
        acceptances=sampling.acceptances,
        sample=sample,
        strata=sizes_of(drawn),
        previous=sampling.ledger.last,
        burned=len(sampling.burned.accounts),
        burned_sha256=sampling.burned.sha256,
    )


def _entry(sampling: Sampling, entry: Drawn, counted: Tally, day: date) -> Evaluated:
    return Evaluated(
        date=day,
        frame=entry.frame,
        candidate=sampling.candidate,
        acceptances=sampling.acceptances,
        sample=entry.sample,
        strata=entry.strata,
        previous=sampling.ledger.last,
        recorded=dict(counted.recorded),
        results={path: dict(strata) for path, strata in counted.results.items()},
    )
