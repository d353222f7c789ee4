"""Reports that are written to files, beside what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import InputError
from harness.report.told import Told
from harness.shell import tell_runner
from harness.text import shown_path
from harness.whole_file import replace_file


def write_files(told: Told, files: Mapping[str, Path | None], *, annotate: bool) -> None:
    """Write each report that is asked for; annotations go to standard error.

    Raises:
        InputError: a file cannot be written, or the baseline cannot be read.
    """
    if annotate:  # first: a file that cannot be written must not keep them from being shown
        from harness.report.annotations import annotations

        for line in annotations(told):
            tell_runner(line)
    writers = _writers(files.get("baseline"))
    texts = {
        file: write(told)
        for name, write in writers.items()
        if (file := files.get(name)) is not None
    }
    for file, text in texts.items():  # all or none: whatever cannot be told is known by now
        _write(file, text)


def _writers(baseline: Path | None) -> Mapping[str, Callable[[Told], str]]:
    """Name of a report → what makes its text; imported only where it is asked for."""

    def junit(told: Told) -> str:
        from harness.report.junit import junit_xml

        return junit_xml(told)

    def markdown(told: Told) -> str:
        from harness.report.baseline import read_baseline
        from harness.report.changes import changes
        from harness.report.markdown import comment

        before = None if baseline is None else read_baseline(baseline)
        return comment(told, changes(told, before))

    def html(told: Told) -> str:
        from harness.report.page.page import page

        return page(told)

    return {"junit": junit, "markdown": markdown, "html": html}


def _write(file: Path, text: str) -> None:
    """Replace a file, and nothing that is none."""
    target = file.resolve()  # through a link, which stays
    if target.exists() and not target.is_file():  # a pipe, or a device such as /dev/null
        message = "cannot be written: it is no regular file"
        raise InputError("not-a-file", message, shown_path(file), "name a file")
    replace_file(target, text.encode(), named=file, fix="name another file")
