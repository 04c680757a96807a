"""The manifests in packaging/kubernetes against the API server's own schemas, and against our settings."""

import shlex
from copy import deepcopy
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from aeron_dpdk.driver.setting_table import setting_names
from aeron_dpdk.tools.main import main

MANIFEST = Path(__file__).resolve().parents[2] / "packaging" / "kubernetes" / "aeronmd-dpdk.yaml"
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text()))
# One of the releases that the project supports, and one a year old.
RELEASES = ("1.32", "1.36")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def of_kind(kind: str) -> dict[str, Any]:
    [found] = [document for document in DOCUMENTS if document["kind"] == kind]
    return found


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = of_kind("StatefulSet")["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    [found] = [each for each in pod()["containers"] if each["name"] == name]
    return dict(found)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["kind"])
def test_the_manifest_conforms_to_the_schema(document: dict[str, Any], release: str) -> None:
    kubernetes_validate.validate(document, release, strict=True)


def test_a_field_that_does_not_exist_is_found() -> None:
    document = deepcopy(of_kind("StatefulSet"))
    document["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, RELEASES[-1], strict=True)


def test_every_setting_of_the_manifest_exists() -> None:
    ours = {name for name in of_kind("ConfigMap")["data"] if name.startswith("AERON_DPDK_")}
    assert ours and ours <= setting_names()


def test_every_container_has_whole_cpus_of_its_own() -> None:
    """Guaranteed, with integers: what the static CPU manager policy requires."""
    for each in pod()["containers"]:
        requests, limits = each["resources"]["requests"], each["resources"]["limits"]
        assert requests == limits and int(limits["cpu"]) > 0 and "memory" in limits


def test_every_volume_that_is_mounted_exists() -> None:
    volumes = {volume["name"] for volume in pod()["volumes"]}
    mounted = {mount["name"] for each in pod()["containers"] for mount in each["volumeMounts"]}
    assert mounted == volumes


def test_probes_and_commands_call_programs_that_exist() -> None:
    commands = [container("driver")[probe]["exec"]["command"] for probe in PROBES]
    for command in [*commands, container("exporter")["command"]]:
        words = shlex.split(command[2].partition(";")[0]) if command[0] == "sh" else command
        assert words[0] == "aeron-dpdk"
        tool = main.get_command(click.Context(main), words[1])
        assert tool is not None
        options = {spelling for parameter in tool.params for spelling in parameter.opts}
        assert {word for word in words[2:] if word.startswith("-")} <= options
