"""`./dev fuzz`: builds the targets with clang's libFuzzer and runs each for its share of the time."""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "fuzz"


def build() -> None:
    configure = ["cmake", "-S", "tests/fuzz", "-B", str(TREE), "-G", "Ninja", "-DCMAKE_C_COMPILER=clang"]
    for command in (configure, ["cmake", "--build", str(TREE)]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}{done.stderr}\n{' '.join(command)} failed: fix what it names above.")


def fuzz(target: str, seconds: int) -> None:
    found = TREE / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    print(f"==> {target}; new inputs go to {found.relative_to(ROOT)}", flush=True)
    command = [str(TREE / target), f"-max_total_time={seconds}", "-max_len=2048"]
    command += [f"-artifact_prefix={TREE}/{target}-", str(found), f"tests/fuzz/corpus/{target}"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit(f"{target} is upset: replay the input above with build/fuzz/{target} FILE.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="shared out among the targets (60)")
    seconds = parser.parse_args().seconds
    build()
    targets = sorted(path.stem for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.c"))
    for target in targets:
        fuzz(target, max(1, seconds // len(targets)))


if __name__ == "__main__":
    main()
