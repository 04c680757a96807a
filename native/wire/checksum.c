#include "wire/checksum.h"

/* Read or written at once, at any address; the compiler maps it to the target's vector registers. */
#define ADK_LANES (4)
typedef uint64_t adk_lanes_t __attribute__((vector_size(ADK_LANES * sizeof(uint64_t))));
typedef uint64_t adk_unaligned_lanes_t
    __attribute__((vector_size(ADK_LANES * sizeof(uint64_t)), aligned(1), may_alias));

static_assert(
    UINT16_MAX * UINT64_C(2) < UINT64_MAX / UINT32_MAX, "no lane overflows, whatever a length of 16 bits holds");

/*
 * RFC 1071, section 2: 32-bit words may be added instead, and folded at the end. The lanes themselves are added modulo
 * 2^64, and their high words apart; the sum of their low words is what remains of the former without the latter.
 */
typedef struct sums_stct
{
    adk_lanes_t lanes;
    adk_lanes_t high;
} sums_t;

static inline __attribute__((always_inline)) uint64_t both_words(uint64_t word)
{
    return (word & UINT32_MAX) + (word >> 32);
}

static inline __attribute__((always_inline)) void add_lanes(sums_t *sums, uint8_t *to, const uint8_t *from)
{
    const adk_lanes_t lanes = *(const adk_unaligned_lanes_t *)from;

    if (NULL != to)
    {
        *(adk_unaligned_lanes_t *)to = lanes;
    }
    sums->lanes += lanes;
    sums->high += lanes >> 32;
}

/* The rest, shorter than a vector. */
static inline __attribute__((always_inline)) uint64_t add_rest(uint8_t *to, const uint8_t *from, size_t length)
{
    uint64_t sum = 0;
    uint64_t word;
    size_t at = 0;

    for (; at + sizeof(word) <= length; at += sizeof(word))
    {
        memcpy(&word, from + at, sizeof(word));
        if (NULL != to)
        {
            memcpy(to + at, &word, sizeof(word));
        }
        sum += both_words(word);
    }
    if (at < length)
    {
        word = 0;
        memcpy(&word, from + at, length - at);
        if (NULL != to)
        {
            memcpy(to + at, from + at, length - at);
        }
        sum += both_words(word);
    }
    return sum;
}

/* to is a constant NULL where nothing is copied. */
static inline __attribute__((always_inline)) uint16_t pass(uint8_t *to, const uint8_t *from, size_t length)
{
    const size_t vector = sizeof(adk_lanes_t);
    sums_t sums = { 0 };
    size_t at = 0;

    for (; at + 2 * vector <= length; at += 2 * vector)
    {
        add_lanes(&sums, NULL == to ? NULL : to + at, from + at);
        add_lanes(&sums, NULL == to ? NULL : to + at + vector, from + at + vector);
    }
    if (at + vector <= length)
    {
        add_lanes(&sums, NULL == to ? NULL : to + at, from + at);
        at += vector;
    }

    const adk_lanes_t low = sums.lanes - (sums.high << 32);
    const adk_lanes_t lanes = low + sums.high;
    uint64_t sum = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    sum += add_rest(NULL == to ? NULL : to + at, from + at, length - at);
    return adk_checksum_fold((uint32_t)both_words(both_words(sum)));
}

static uint16_t sum_baseline(const void *bytes, size_t length)
{
    return rte_raw_cksum(bytes, length);
}

static uint16_t copy_baseline(void *to, const void *from, size_t length)
{
    return pass(to, from, length);
}

uint16_t (*adk_checksum_sum)(const void *bytes, size_t length) = sum_baseline;
uint16_t (*adk_checksum_copy)(void *to, const void *from, size_t length) = copy_baseline;

#ifdef RTE_ARCH_X86
__attribute__((target("avx2"))) static uint16_t sum_avx2(const void *bytes, size_t length)
{
    return pass(NULL, bytes, length);
}

__attribute__((target("avx2"))) static uint16_t copy_avx2(void *to, const void *from, size_t length)
{
    return pass(to, from, length);
}
#endif

void adk_checksum_use_widest(void)
{
#ifdef RTE_ARCH_X86
    if (__builtin_cpu_supports("avx2"))
    {
        adk_checksum_sum = sum_avx2;
        adk_checksum_copy = copy_avx2;
    }
#endif
}
