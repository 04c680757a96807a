import pytest

from aeron_dpdk.driver.aeron_settings import read_aeron_settings, resource_agent_idles
from aeron_dpdk.errors import SettingConflictError


def test_without_any_variable_the_defaults_are_aerons() -> None:
    settings = read_aeron_settings({"USER": "mike"})
    assert settings.directory == "/dev/shm/aeron-mike"
    assert settings.threading_mode == "DEDICATED" and not settings.threads_shared
    assert (settings.mtu_length, settings.initial_window_length) == (1408, 128 * 1024)
    assert (settings.socket_rcvbuf, settings.socket_sndbuf) == (128 * 1024, 0)
    assert settings.driver_timeout_ms == 10_000
    assert not settings.deletes_directory_on_start and not settings.affinity_is_cpuset_index
    assert settings.affinity == {}


@pytest.mark.parametrize("mode", ["SHARED", "SHARED_NETWORK", "INVOKER"])
def test_all_other_modes_run_sender_and_receiver_on_one_thread(mode: str) -> None:
    assert read_aeron_settings({"AERON_THREADING_MODE": mode}).threads_shared


@pytest.mark.parametrize("mode", ["shared", "", "SHARED "])
def test_a_mode_that_aeron_does_not_know_is_its_default(mode: str) -> None:
    assert read_aeron_settings({"AERON_THREADING_MODE": mode}).threading_mode == "DEDICATED"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("8k", 8192),
        ("8K", 8192),
        ("1408", 1408),
        ("1m", 65504),
        ("1", 32),
        ("-5", 1408),
        ("x", 1408),
        ("", 1408),
    ],
)
def test_sizes_are_read_and_bounded_as_aeron_does(text: str, length: int) -> None:
    assert read_aeron_settings({"AERON_MTU_LENGTH": text}).mtu_length == length


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("on", True), ("TRUE", False), ("0", False)]
)
def test_flags_are_read_as_aeron_does(text: str, value: bool) -> None:
    assert read_aeron_settings({"AERON_DIR_DELETE_ON_START": text}).deletes_directory_on_start is value


def test_only_affinities_that_are_set_count() -> None:
    environment = {"AERON_SENDER_CPU_AFFINITY": "3", "AERON_RECEIVER_CPU_AFFINITY": "-1"}
    assert read_aeron_settings(environment).affinity == {"AERON_SENDER_CPU_AFFINITY": 3}


@pytest.mark.parametrize("value", ["nonsense", "aeron_udp_channel_transport_ef_vi_bindings"])
def test_another_media_than_the_port_is_refused_before_aeron_crashes_on_it(value: str) -> None:
    with pytest.raises(SettingConflictError, match=f"{value}.*unset"):
        read_aeron_settings({"AERON_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA": value})


def test_an_unknown_media_is_refused_for_the_conductor_too() -> None:
    conductor = {"AERON_CONDUCTOR_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA": "nope"}
    with pytest.raises(SettingConflictError, match="nope.*AERON_DRIVER_DYNAMIC_LIBRARIES"):
        read_aeron_settings(conductor)
    read_aeron_settings({**conductor, "AERON_DRIVER_DYNAMIC_LIBRARIES": "libnope.so"})


def test_the_default_media_may_be_named() -> None:
    read_aeron_settings({"AERON_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA": "default"})


@pytest.mark.parametrize("name", ["loss", "fixed-loss", "multi-gap-loss"])
def test_a_loss_interceptor_for_outgoing_frames_is_refused_because_aeron_has_none(name: str) -> None:
    with pytest.raises(SettingConflictError, match=f"INCOMING_INTERCEPTORS={name}"):
        read_aeron_settings({"AERON_UDP_CHANNEL_OUTGOING_INTERCEPTORS": f"mine,{name}"})
    read_aeron_settings({"AERON_UDP_CHANNEL_INCOMING_INTERCEPTORS": name})


@pytest.mark.parametrize("missing", [{}, {"AERON_DRIVER_RESOLVER_NAME": ""}])
def test_the_drivers_own_name_resolver_needs_a_name(missing: dict[str, str]) -> None:
    resolver = {"AERON_NAME_RESOLVER_SUPPLIER": "driver"}
    with pytest.raises(SettingConflictError, match="AERON_DRIVER_RESOLVER_NAME is not set"):
        read_aeron_settings({**resolver, **missing})
    read_aeron_settings({**resolver, "AERON_DRIVER_RESOLVER_NAME": "a"})


def test_the_resource_agent_idles_as_its_setting_says_or_else_as_we_do() -> None:
    name = "AERON_DRIVER_NATIVE_RESOURCE_AGENT_IDLE_STRATEGY"
    assert resource_agent_idles({name: "sleep-ns"}) == {}
    assert resource_agent_idles({"AERON_NAME_RESOLVER_SUPPLIER": "driver"}) == {}
    assert resource_agent_idles({}) == {name: "backoff", f"{name}_INIT_ARGS": "1-1-1ms-125ms"}
