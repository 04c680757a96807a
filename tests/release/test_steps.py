"""What a release verb leaves behind when a signal ends it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from release.project import PROJECT

VERB = """
import sys
from release.steps import end_with_children_on_sigterm, logged
end_with_children_on_sigterm()
logged(["sh", "-c", 'echo $$ > "$0.part" && mv "$0.part" "$0" && exec sleep 600', sys.argv[1]], "test-steps")
"""


def test_sigterm_ends_the_step_under_way_too(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    verb = subprocess.Popen([sys.executable, "-c", VERB, str(pid)], cwd=PROJECT)
    while not pid.exists():
        assert verb.poll() is None
        time.sleep(0.01)

    verb.send_signal(signal.SIGTERM)

    assert verb.wait(timeout=60) == 128 + signal.SIGTERM
    assert not Path("/proc", pid.read_text().strip()).exists()
