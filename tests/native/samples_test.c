/* The median that the bench's single costs are reported by. */
#include "load/samples.h"
#include "suite.h"

static double median_of(const double *values, uint32_t length)
{
    adk_samples_t samples;
    CHECK_EQUAL(0, adk_samples_open(&samples, length));
    for (uint32_t i = 0; i < length; i++)
    {
        adk_samples_add(&samples, values[i]);
    }
    const double median = adk_samples_median(&samples);
    adk_samples_close(&samples);
    return median;
}

TEST(one_disturbed_sample_does_not_move_the_median)
{
    const double values[] = { 20, 1e9, 10, 30, 21 };
    CHECK_EQUAL(21, median_of(values, 5));
}

TEST(of_an_even_number_the_lower_middle_one_counts)
{
    const double values[] = { 4, 1, 3, 2 };
    CHECK_EQUAL(2, median_of(values, 4));
}

TEST(samples_beyond_the_capacity_are_left_out)
{
    adk_samples_t samples;
    CHECK_EQUAL(0, adk_samples_open(&samples, 1));
    CHECK_EQUAL(0, adk_samples_median(&samples));
    adk_samples_add(&samples, 7);
    adk_samples_add(&samples, 1);
    CHECK_EQUAL(7, adk_samples_median(&samples));
    adk_samples_clear(&samples);
    CHECK_EQUAL(0, adk_samples_median(&samples));
    adk_samples_close(&samples);
}
