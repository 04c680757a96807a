/* The load generator's histogram: every value in one bucket, no bucket wider than promised. */
#include "load/histogram.h"
#include "suite.h"

TEST(small_values_are_exact)
{
    for (int64_t value_ns = 0; value_ns < 256; value_ns++)
    {
        CHECK_EQUAL(value_ns, adk_histogram_value_ns(adk_histogram_bucket(value_ns)));
    }
}

TEST(a_bucket_holds_its_greatest_value_and_the_next_one_begins_above_it)
{
    for (uint32_t bucket = 0; bucket < ADK_HISTOGRAM_LENGTH - 1; bucket++)
    {
        const int64_t greatest_ns = adk_histogram_value_ns(bucket);
        CHECK_EQUAL(bucket, adk_histogram_bucket(greatest_ns));
        CHECK_EQUAL(bucket + 1, adk_histogram_bucket(greatest_ns + 1));
    }
}

TEST(a_values_bucket_is_at_most_one_part_in_128_too_high)
{
    for (int64_t value_ns = 1; value_ns < INT64_C(1) << ADK_HISTOGRAM_MAX_BITS; value_ns += value_ns / 100 + 1)
    {
        const int64_t shown_ns = adk_histogram_value_ns(adk_histogram_bucket(value_ns));
        CHECK(shown_ns >= value_ns);
        CHECK((shown_ns - value_ns) * 128 < value_ns);
    }
}

TEST(values_out_of_range_are_counted_at_the_ends)
{
    CHECK_EQUAL(0, adk_histogram_bucket(-1));
    CHECK_EQUAL(ADK_HISTOGRAM_LENGTH - 1, adk_histogram_bucket(INT64_C(1) << ADK_HISTOGRAM_MAX_BITS));
    CHECK_EQUAL(ADK_HISTOGRAM_LENGTH - 1, adk_histogram_bucket(INT64_MAX));
}

TEST(the_maximum_is_kept_exactly)
{
    static adk_histogram_t histogram;

    adk_histogram_record(&histogram, 1000001);
    adk_histogram_record(&histogram, 12);
    CHECK_EQUAL(1000001, histogram.max_ns);
    CHECK_EQUAL(1, histogram.counts[12]);
    CHECK_EQUAL(1, histogram.counts[adk_histogram_bucket(1000001)]);
}
