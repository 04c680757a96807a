#include "wire/checksum.h"

static uint16_t sum_baseline(const void *bytes, size_t length)
{
    return rte_raw_cksum(bytes, length);
}

uint16_t (*adk_checksum_sum)(const void *bytes, size_t length) = sum_baseline;

#ifdef RTE_ARCH_X86
__attribute__((target("avx2"))) static uint16_t sum_avx2(const void *bytes, size_t length)
{
    return rte_raw_cksum(bytes, length);
}
#endif

void adk_checksum_use_widest(void)
{
#ifdef RTE_ARCH_X86
    if (__builtin_cpu_supports("avx2"))
    {
        adk_checksum_sum = sum_avx2;
    }
#endif
}
