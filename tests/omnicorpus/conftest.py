"""What the fault tests tell at the end: fault, what was done again, what was lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LEDGER = pytest.StashKey[list[tuple[str, str, str]]]()


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Notes one line of the table: the fault, what was done again, what was lost."""

    def note(fault: str, redone: str, lost: str) -> None:
        request.config.stash.setdefault(LEDGER, []).append((fault, redone, lost))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = terminalreporter.config.stash.get(LEDGER, [])
    if rows:
        table = [("fault", "done again", "lost"), *rows]
        widths = [max(len(row[column]) for row in table) for column in range(3)]
        terminalreporter.section("faults")
        for row in table:
            terminalreporter.line(
                "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            )
