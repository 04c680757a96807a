"""The bundle's list of what is inside it."""

from pathlib import Path

from release.sbom import Component, debian_components, document, python_components


def test_a_source_package_is_named_as_debian_and_package_url_name_it() -> None:
    (found,) = debian_components(["rdma-core 56.1", ""])
    assert found == Component("rdma-core", "56.1", "pkg:deb/debian/rdma-core@56.1?arch=source")


def test_a_package_with_two_libraries_is_one_component() -> None:
    assert len(debian_components(["libnl3 3.4.0-1", "libnl3 3.4.0-1"])) == 1


def test_python_packages_are_found_with_their_licences(tmp_path: Path) -> None:
    folder = tmp_path / "Thing-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: Thing\nVersion: 1.2\nLicense-Expression: MIT\n"
    )
    assert python_components(tmp_path) == {Component("Thing", "1.2", "pkg:pypi/thing@1.2", "MIT")}


def test_the_document_is_sorted_and_leaves_out_a_licence_that_is_not_known() -> None:
    components = [Component("b", "1", "pkg:x/b@1"), Component("a", "1", "pkg:x/a@1", "MIT")]
    text = document("whole", "3", components)
    assert text["bomFormat"] == "CycloneDX"
    assert text["metadata"]["component"]["version"] == "3"
    assert [entry["name"] for entry in text["components"]] == ["a", "b"]
    assert text["components"][0]["licenses"] == [{"expression": "MIT"}]
    assert "licenses" not in text["components"][1]
