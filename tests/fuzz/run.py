"""`./dev fuzz`: builds the targets with clang's libFuzzer and runs each for its share of the time.

Or once over all known inputs, to say what these reach.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "fuzz"
COVERAGE_TREE = ROOT / "build" / "fuzz-coverage"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
TARGETS = sorted(path.stem for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.c"))


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        what = " ".join(map(str, command))
        sys.exit(f"{done.stdout}{done.stderr}\n{what} failed: fix what it names above.")
    return done.stdout


def build(tree: Path, *options: str) -> None:
    run("cmake", "-S", "tests/fuzz", "-B", tree, "-G", "Ninja", "-DCMAKE_C_COMPILER=clang", *options)
    run("cmake", "--build", tree)


def found(target: str) -> Path:
    return TREE / "found" / target


def fuzz(target: str, seconds: int) -> None:
    found(target).mkdir(parents=True, exist_ok=True)
    print(f"==> {target}; new inputs go to {found(target).relative_to(ROOT)}", flush=True)
    command = [str(TREE / target), f"-max_total_time={seconds}", "-max_len=2048"]
    command += [f"-artifact_prefix={TREE}/{target}-", str(found(target)), str(CORPUS / target)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit(f"{target} failed: replay the input above with build/fuzz/{target} FILE.")


def coverage() -> str:
    """Prints llvm-cov(1)'s table of the driver's sources for the corpus and all inputs found so far."""
    profiles: list[Path] = []
    for target in TARGETS:
        profiles.append(profile := COVERAGE_TREE / f"{target}.profraw")
        os.environ["LLVM_PROFILE_FILE"] = str(profile)
        inputs = [each for each in (CORPUS / target, found(target)) if each.is_dir()]
        run(COVERAGE_TREE / target, "-runs=0", *inputs)
    merged = COVERAGE_TREE / "all.profdata"
    run("llvm-profdata", "merge", "-o", merged, *profiles)
    first, *others = (COVERAGE_TREE / target for target in TARGETS)
    objects = [word for each in others for word in ("-object", str(each))]
    places = ("-show-functions=false", f"-instr-profile={merged}")
    return run("llvm-cov", "report", first, *objects, *places, ROOT / "native")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="shared out among the targets (60)")
    parser.add_argument("--coverage", action="store_true", help="say what all known inputs reach instead")
    wanted = parser.parse_args()
    if wanted.coverage:
        build(COVERAGE_TREE, "-DCOVERAGE=ON")
        print(coverage())
        return
    build(TREE)
    for target in TARGETS:
        fuzz(target, max(1, wanted.seconds // len(TARGETS)))


if __name__ == "__main__":
    main()
