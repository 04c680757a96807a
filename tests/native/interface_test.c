/* interface= finds a NIC that the kernel no longer lists, through Aeron's own lookup. */
#include <arpa/inet.h>

#include "api/internal.h"
#include "frame.h"
#include "suite.h"
#include "util/aeron_error.h"
#include "util/aeron_netutil.h"

static bool is_found(const char *interface, uint32_t expected_ipv4)
{
    struct sockaddr_storage address = { 0 };
    unsigned int index = 0;
    if (aeron_find_unicast_interface(AF_INET, interface, &address, &index) < 0)
    {
        aeron_err_clear();
        return false;
    }
    CHECK_EQUAL(AF_INET, address.ss_family);
    return expected_ipv4 == ntohl(((struct sockaddr_in *)&address)->sin_addr.s_addr);
}

TEST(a_published_port_is_found_by_address_by_subnet_and_by_name)
{
    CHECK(!is_found("10.0.0.5", LOCAL_IPV4));
    adk_interface_publish("dpdk0", LOCAL_IPV4, 24, NULL);
    CHECK(is_found("10.0.0.5", LOCAL_IPV4));
    CHECK(is_found("10.0.0.0/24", LOCAL_IPV4));
    CHECK(is_found("10.0.0.99/8", LOCAL_IPV4));
    CHECK(is_found("{dpdk0}", LOCAL_IPV4));
    CHECK(!is_found("10.0.0.6", LOCAL_IPV4));
    CHECK(!is_found("{dpdk1}", LOCAL_IPV4));
    adk_interface_withdraw();
    CHECK(!is_found("10.0.0.5", LOCAL_IPV4));
}

TEST(the_kernels_own_interfaces_stay_visible)
{
    CHECK(is_found("127.0.0.1", 0x7f000001));
    adk_interface_publish("dpdk0", LOCAL_IPV4, 0, NULL);
    CHECK(is_found("127.0.0.1", 0x7f000001));
    CHECK(is_found("10.0.0.5", LOCAL_IPV4));
    adk_interface_withdraw();
}
