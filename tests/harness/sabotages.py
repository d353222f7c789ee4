"""Sabotages of the harness: one place changed, and the plant that has to notice it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from harness import (
    adjudicate,
    branches,
    canonical,
    court,
    difference,
    evidence,
    faults,
    figures,
    free,
    gate,
    gate_rules,
    judge,
    leak,
    living,
    lockstep,
    manifest,
    matching,
    objection,
    outcome,
    ownership,
    race,
    recorded,
    ruling,
    ruling_health,
    run,
    stability,
    verdict,
)


class Sabotage(NamedTuple):
    """A change of one place of the harness, and a plant that notices it."""

    module: ModuleType
    old: str
    new: str
    noticed: str


SABOTAGES: Mapping[str, Sabotage] = {
    "the books are not compared": Sabotage(
        difference, "for facet in facets\n", 'for facet in facets if facet != "books"\n',
        "row more"
    ),
    "answers are not compared": Sabotage(
        difference, "for facet in facets\n", 'for facet in facets if facet != "response"\n', "answ"
    ),
    "a store is not compared": Sabotage(
        difference,
        "left, right = control.get(key, ABSENT)",
        'if key == "cases":\n                continue\n            '
        "left, right = control.get(key, ABSENT)",
        "every store",
    ),
    "a field is not compared": Sabotage(
        difference,
        "left, right = control.get(key, ABSENT)",
        'if key == "amount_remaining":\n                continue\n            '
        "left, right = control.get(key, ABSENT)",
        "every field of the real world",
    ),
    "1 is True": Sabotage(
        canonical,
        "type(one) is type(other) and type(one) in _SCALARS and one == other",
        "type(one) in _SCALARS and one == other",
        "near",
    ),
    "1 is its text": Sabotage(
        canonical,
        "type(one) is type(other) and type(one) in _SCALARS and one == other",
        "type(one) in _SCALARS and str(one) == str(other)",
        "near",
    ),
    "absent is null": Sabotage(
        difference,
        "elif not same(control, candidate):",
        "elif not same(*(None if x is ABSENT else x for x in (control, candidate))):",
        "answers that are near",
    ),
    "the order of a list means nothing": Sabotage(
        difference,
        "elif not same(control, candidate):",
        "elif not same(*(sorted(x, key=str) if type(x) is list else x"
        " for x in (control, candidate))):",
        "messages",
    ),
    "sides are exchanged": Sabotage(
        difference, "control=control, candidate=candidate", "control=candidate, candidate=control",
        "answers",
    ),
    "a difference is dropped": Sabotage(
        lockstep,
        "for difference in differences(control.facets, candidate.facets)",
        "for difference in differences(control.facets, candidate.facets)[1:]",
        "another value",
    ),
    "findings are dropped": Sabotage(
        adjudicate,
        "faults = [Fault(finding, episode.paths) for finding in episode.findings]",
        "faults = [Fault(finding, episode.paths) for finding in episode.findings[1:]]",
        "crashes",
    ),
    "the lesser outcome decides": Sabotage(
        outcome, "return min(found", "return max(found", "crash"
    ),
    "a held event is dropped": Sabotage(
        living, "living.play(spec.item, events)", "living.play(spec.item, [])", "held event"
    ),
    "harm is not asked": Sabotage(
        adjudicate, "if episode.harm and not", "if False and not", "harm that a ruling does not"
    ),
    "loss is not asked": Sabotage(
        adjudicate, "if amount > most:", "if amount > most + 10**9:", "loss"
    ),
    "what is worse than truth may be ruled": Sabotage(
        adjudicate, '("worse-than-truth", episode.wrongs),\n        ("invariant-broken", broken)',
        '("worse-than-truth", ()),\n        ("invariant-broken", broken)', "worse than due",
    ),
    "expired rulings are in force": Sabotage(
        ruling, "return self.created <= today <= self.expires", "return True", "run out"
    ),
    "one clause is enough": Sabotage(
        matching, "for pin in bundle.pins:\n            control, candidate",
        "for pin in bundle.pins[:1]:\n            control, candidate", "another value of the cand",
    ),
    "the control's value is not asked": Sabotage(
        matching, "and not same(control, pin.control)", "and False", "another value of the control"
    ),
    "a ruling that misses is forgotten": Sabotage(
        matching, "missed.append(", "(lambda _: None)(", "ruling that lists another cell"
    ),
    "repeats hide what is new": Sabotage(
        lockstep, "if not same(difference.candidate, earlier.candidate):", "if False:",
        "new difference in a field",
    ),
    "what the control writes anew is a repeat": Sabotage(
        ownership, "return not writers(difference, control)", "return True", "writes anew"
    ),
    "another path answers": Sabotage(
        ownership, "if who in paths) or paths", "if who in ()) or paths", "path that wrote last"
    ),
    "free runs are not judged": Sabotage(
        free, "run.play(spec, judged=judged)", "run.play(spec, judged=False)", "after one effect"
    ),
    "then is not checked": Sabotage(
        free, "if canonical(plain(have)) != canonical(plain(value)):", "if False:",
        "not as written"
    ),
    "points on the way are not checked": Sabotage(
        free, "if spec.index in points:", "if False:", "point on the way"
    ),
    "no invariant fires": Sabotage(
        judge, "for text in inv.check(seen))", "for text in ())", "broken_by"
    ),
    "an invariant always fires": Sabotage(
        judge, "for text in inv.check(seen))", 'for text in (*inv.check(seen), "x"))', "kept_by"
    ),
    "the class is always SOUND": Sabotage(
        judge, "return Class.TWIST if after.unmet else Class.SOUND", "return Class.SOUND", "grant"
    ),
    "the fold loses bad cells": Sabotage(
        evidence, "if own.outcome not in CREDITED:", "if False:", "another value"
    ),
    "lost cells are not missed": Sabotage(
        evidence, "missing = tuple(sorted(set(pinned.cells)", "missing = tuple(sorted(set()",
        "cell that is lost",
    ),
    "a closed gate opens": Sabotage(
        gate, "gate=Gate.CLOSED if whole else Gate.OPEN", "gate=Gate.OPEN", "another value"
    ),
    "a closed path opens": Sabotage(
        gate, "gate = Gate.CLOSED if reasons else Gate.OPEN", "gate = Gate.OPEN", "another value"
    ),
    "a closed gate ends with 0": Sabotage(
        gate, "own = ExitCode.OPEN if verdict.gate is Gate.OPEN else ExitCode.CLOSED",
        "own = ExitCode.OPEN", "another value",
    ),
    "floors are not asked": Sabotage(
        gate_rules, "best < policy.distinct_cells", "best < 0", "less than the floor"
    ),
    "branches are not asked": Sabotage(
        gate_rules, "if branches.missing:", "if False:", "branch that nobody takes"
    ),
    "uncredited cells give credit": Sabotage(
        branches, "return own.outcome in CREDITED and", "return True or", "trap of the guard"
    ),
    "intended changes agree": Sabotage(
        figures, "return classes == {INTENDED}", "return False", "intended change"
    ),
    "leaks are not tried": Sabotage(
        leak, "if outcome is not Outcome.DIVERGE:", "if False:", "pass"
    ),
    "a null is not tried": Sabotage(leak, "yield from (ABSENT, None)", "yield ABSENT", "pass"),
    "leaks are not added up": Sabotage(
        run, "leak for one in heard for leak in one.leaks.leaks", "leak for leak in ()", "pass"
    ),
    "an engine is not held against itself": Sabotage(
        court, "episodes = tuple(checked(episode, seen) for episode in heard.episodes)",
        "episodes = heard.episodes", "digest",
    ),
    "the second process is not asked": Sabotage(
        run, "heard = [court.hear_again(one, seen) for one in heard]", "pass", "second process"
    ),
    "every fingerprint is alike": Sabotage(
        stability, "return digest(seen)", 'return "x"', "order of rows"
    ),
    "free runs are not held against themselves": Sabotage(
        stability, "held = alone == end.digest and", "held =", "another where no control"
    ),
    "traps are forgotten": Sabotage(
        objection, "for text in seen.traps:", "for text in ():", "trap"
    ),
    "a crash is forgiven": Sabotage(
        objection, "if crashed is not None and", "if False and", "crashes"
    ),
    "faults need not show": Sabotage(
        faults, "for quirk in sorted(missing):", "for quirk in ():", "fault that does not show"
    ),
    "what was observed does not matter": Sabotage(
        recorded, "if not same(seen, has):", "if False:", "observed"
    ),
    "ends that appear are not seen": Sabotage(
        race, "sorted(control.ends.keys() ^ candidate.ends.keys())",
        "sorted(control.ends.keys() - candidate.ends.keys())", "race that only the candidate",
    ),
    "a race is explored in part": Sabotage(
        race, "        if not self.exhausted:", "        if False:", "too long to explore"
    ),
    "signatures are not checked": Sabotage(
        ruling_health, "found.extend(_signature(ruling, today, approvers))", "pass", "stranger"
    ),
    "unused rulings are healthy": Sabotage(
        ruling_health, "found.extend(_use(ruling, cells, whole=whole))", "pass", "nothing needs"
    ),
    "health closes nothing": Sabotage(
        verdict, "rulings=health", "rulings=()", "ruling that has run out"
    ),
    "the manifest closes nothing": Sabotage(
        verdict, "*map(_reason, problems),\n", "\n", "not the pinned one"
    ),
    "the manifest pins no text": Sabotage(
        manifest, "if pinned.sha256 != scenario.sha256:", "if False:", "not the pinned one"
    ),
    "a failing scenario is left out": Sabotage(
        run, "done.extend(_lost(scenario, len(done), error))", "pass", "world that fails"
    ),
}  # fmt: skip
