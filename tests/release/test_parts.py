"""When a part of the bundle is built again."""

from release.bundle import PARTS, SCRIPTS, part_sources


def test_a_part_depends_on_its_script_and_on_every_file_that_the_script_reads() -> None:
    names = {path.name for path in part_sources(PARTS)}
    assert names == {"python.sh", "libraries.sh", "xdp.sh", "dpdk.sh", "target.sh", "glibc.c"}
    assert "glibc.c" not in {path.name for path in part_sources(("xdp",))}
    assert all((SCRIPTS / name).exists() for name in names)
