#include "api/aeron_dpdk.h"
#include "suite.h"

TEST(every_count_has_a_name_of_its_own_in_lower_case_and_hyphens)
{
    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        const char *name = adk_count_name(i);
        CHECK(NULL != name && '\0' != name[0]);
        CHECK_EQUAL(strlen(name), strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"));
        for (int j = 0; j < i; j++)
        {
            CHECK(0 != strcmp(adk_count_name(j), name));
        }
    }
}

TEST(there_is_no_name_beyond_the_counts)
{
    CHECK(NULL == adk_count_name(-1));
    CHECK(NULL == adk_count_name(ADK_COUNT_SIZE));
}
