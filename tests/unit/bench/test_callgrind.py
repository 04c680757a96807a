import pytest
from bench.callgrind import Count, parse

ANNOTATED = """\
Profile data file 'out.1' (creator: callgrind-3.19.0)
Trigger: Client Request: send 32 1 device
--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
1,097  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir  file:function
--------------------------------------------------------------------------------
1,014  /src/native/stack/tx.c:build_frame [/usr/lib/libours.so]
   64  ???:0x0000000000003960 [/usr/lib/librte_net_ring.so]
    1  /usr/include/dpdk/rte_memcpy.h:build_frame
"""
OURS = "/usr/lib/libours.so"


def test_code_is_counted_where_it_ran_and_inlined_code_in_the_function_it_went_into() -> None:
    assert parse(ANNOTATED).counts == (
        Count(OURS, "build_frame", "/src/native/stack/tx.c", 1014),
        Count("/usr/lib/librte_net_ring.so", "0x0000000000003960", "???", 64),
        Count(OURS, "build_frame", "/usr/include/dpdk/rte_memcpy.h", 1),
    )


def test_a_region_has_the_name_that_the_program_gave_it() -> None:
    assert parse(ANNOTATED).name == "send 32 1 device"


def test_a_file_without_a_region_is_refused() -> None:
    with pytest.raises(ValueError, match="no client request"):
        parse(ANNOTATED.replace("Client Request: ", ""))
