"""SIGTERM ends a command as Ctrl-C does, and only while one runs."""

import os
import signal
import threading

import pytest

from monge.cli import main
from monge.cli.signals import Terminated, stopped, terminable


@pytest.fixture(autouse=True)
def handler():
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def terminated():
    with terminable():
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(0.2)  # time for the handler to run


def test_a_signal_is_raised_where_the_work_is():
    with pytest.raises(Terminated) as caught:
        terminated()
    assert stopped(caught.value) == ("terminated", 143)
    assert stopped(KeyboardInterrupt()) == ("interrupted", 130)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("theirs", [signal.SIG_IGN, lambda *_: None])
def test_what_others_do_with_the_signal_is_left_alone(theirs):
    signal.signal(signal.SIGTERM, theirs)
    terminated()
    assert signal.getsignal(signal.SIGTERM) == theirs


def test_a_command_in_another_thread_sets_no_handler(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_command_takes_its_handler_away(capsys):
    assert main(["--version"]) == 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
