from tests.unit.control.fakes import FakeDataPlane

from aeron_dpdk.control.data_plane import DataPlane


def test_the_fake_has_the_interface_of_the_real_data_plane() -> None:
    data_plane: DataPlane = FakeDataPlane()  # mypy checks the signatures
    declared = [name for name in vars(DataPlane) if not name.startswith("_")]
    assert declared and all(callable(getattr(data_plane, name)) for name in declared)
