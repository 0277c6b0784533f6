from __future__ import annotations

import pytest

from omnicorpus.deadline import DeadlinePassed, deadline


def wait() -> None:
    while True:
        pass


def test_what_takes_longer_than_its_seconds_is_stopped() -> None:
    with pytest.raises(DeadlinePassed, match=r"over 0\.05 s"), deadline(0.05):
        wait()


def test_a_fault_that_native_code_makes_of_the_signal_is_the_deadline() -> None:
    with pytest.raises(DeadlinePassed), deadline(0.05):
        try:
            wait()
        except DeadlinePassed:
            raise SystemError("returned a result with an exception set") from None


def test_a_fault_before_the_deadline_stays_what_it_is() -> None:
    with pytest.raises(SystemError, match="no memory"), deadline(60):
        raise SystemError("no memory")
