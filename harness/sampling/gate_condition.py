"""What the gate asks of a sample: the condition of a project's own run."""

from __future__ import annotations

from harness.compose import Composition
from harness.condition import Condition
from harness.run import RunResult
from harness.sampling.bounds import KEY, bounds
from harness.sampling.sampled import read_sampling


def condition(composition: Composition, result: RunResult) -> Condition:
    """The condition `bounds`, from the project's files and the run that the gate weighs.

    Nothing is written: what came of a sample is entered by `shadow sample evaluate` alone.

    Raises:
        InputError: frame, ledger or burned accounts cannot be read; or `sampling-missing`, where
            a bound is asked for and SciPy is missing.
    """
    policy = composition.policy
    return bounds(
        read_sampling(composition),
        scenarios=result.scenarios,
        cells=result.cells,
        paths=composition.control.engine.paths,
        section=policy.sections.get(KEY),
        production=policy.level == "production",
    )
