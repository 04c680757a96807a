"""What a guest boots from, without booting it."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from tests.lab.fixtures.initramfs import entry, load_order

DEPENDENCIES = """\
kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/netfs/netfs.ko
kernel/net/9p/9pnet.ko:
kernel/net/9p/9pnet_virtio.ko.xz: kernel/drivers/virtio/virtio-ring.ko kernel/net/9p/9pnet.ko
kernel/drivers/virtio/virtio-ring.ko:
kernel/fs/netfs/netfs.ko:
"""


def test_each_module_comes_after_those_it_needs_and_once() -> None:
    order = load_order(DEPENDENCIES, ("9p", "9pnet_virtio"))
    assert [Path(path).name for path in order] == [
        "9pnet.ko",
        "netfs.ko",
        "9p.ko",
        "virtio-ring.ko",
        "9pnet_virtio.ko.xz",
    ]


def test_a_module_that_is_built_in_needs_no_loading() -> None:
    assert load_order(DEPENDENCIES, ("virtio_pci", "virtio_ring")) == ["kernel/drivers/virtio/virtio-ring.ko"]


def test_cpio_unpacks_the_archive(tmp_path: Path) -> None:
    archive = b"".join(
        (
            entry("folder", stat.S_IFDIR | 0o750, inode=1),
            entry("folder/odd", stat.S_IFREG | 0o640, b"12345", inode=2),
            entry("folder/empty", stat.S_IFREG | 0o600, inode=3),
            entry("TRAILER!!!", 0, inode=0),
        )
    )
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed; ./dev lab installs it")
    subprocess.run(["busybox", "cpio", "-i"], input=archive, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "folder" / "odd").read_bytes() == b"12345"
    assert stat.filemode((tmp_path / "folder" / "odd").stat().st_mode) == "-rw-r-----"
    assert (tmp_path / "folder" / "empty").read_bytes() == b""
