"""The command aeron-dpdk: the group that the operator's tools hang in."""

import click


@click.group()
@click.version_option(package_name="aeron-dpdk")
def main() -> None:
    """Tools around aeronmd_dpdk, Aeron's media driver over DPDK."""
