"""Whether the control's code is there: the one condition under which tests of it are skipped."""

from __future__ import annotations

import pytest

from tests.shadow_command import ROOT

HERE = (ROOT / "legacy_replica" / "__init__.py").is_file()

needs_replica = pytest.mark.skipif(
    not HERE, reason="the control's code was deleted: its recording answers (docs/retirement.md)"
)
