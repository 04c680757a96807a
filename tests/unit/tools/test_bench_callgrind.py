import pytest

from aeron_dpdk.tools.bench.callgrind import Count, parse

# Names in full where they come first, a call with its inclusive cost, and code inlined from another file.
FILE = """\
# callgrind format
version: 1
part: 1
desc: Timerange: Basic block 0 - 92
desc: Trigger: Client Request: send 32 1 device

positions: line
events: Ir
summary: 0


ob=(1) /usr/lib/libours.so
fl=(4) /src/native/stack/tx.c
fn=(24) build_frame
9 5
+9 2
fi=(11) /usr/include/dpdk/rte_memcpy.h
865 1
fe=(4)
-9 3
* 4

fn=(22) send_frames
212 11
cfn=(24)
calls=1 9
* 15
cob=(2) /usr/lib/librte_net_ring.so
cfi=(14) ???
cfn=(32) 0x3960
calls=1 0
* 64
+2 7

ob=(2)
fl=(14)
fn=(32)
0 64
"""


def test_each_line_is_counted_where_it_ran_and_a_call_is_not_counted_twice() -> None:
    dump = parse(FILE)
    totals: dict[tuple[str, str], int] = {}
    for count in dump.counts:
        key = (count.function, count.source.rpartition("/")[2])
        totals[key] = totals.get(key, 0) + count.instructions
    assert totals == {
        ("build_frame", "tx.c"): 14,
        ("build_frame", "rte_memcpy.h"): 1,
        ("send_frames", "tx.c"): 18,
        ("0x3960", "???"): 64,
    }


def test_inlined_code_keeps_the_file_of_the_function_it_went_into() -> None:
    inlined = Count(
        "/usr/lib/libours.so", "build_frame", "/src/native/stack/tx.c", "/usr/include/dpdk/rte_memcpy.h", 1
    )
    assert inlined in parse(FILE).counts


def test_a_region_has_the_name_that_the_program_gave_it() -> None:
    assert parse(FILE).name == "send 32 1 device"


def test_a_file_that_no_region_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="no client request"):
        parse(FILE.replace("Client Request: ", ""))
