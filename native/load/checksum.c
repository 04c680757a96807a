#include "load/samples.h"
#include "load/thread.h"
#include "wire/checksum.h"

#define ADK_CHECKSUM_BATCHES (2000)
#define ADK_CHECKSUMS_PER_BATCH (64)
#define ADK_CHECKSUM_PAYLOAD_MAX (9216)

double adk_load_checksum_ns(uint32_t payload_length)
{
    static _Alignas(64) uint8_t datagram[sizeof(struct rte_udp_hdr) + ADK_CHECKSUM_PAYLOAD_MAX];
    struct rte_udp_hdr *udp = (struct rte_udp_hdr *)datagram;
    const uint16_t length = (uint16_t)(sizeof(*udp) + payload_length);
    adk_samples_t samples;

    if (payload_length > ADK_CHECKSUM_PAYLOAD_MAX || adk_samples_open(&samples, ADK_CHECKSUM_BATCHES) < 0)
    {
        return -1;
    }
    adk_checksum_use_widest();
    for (size_t i = 0; i < sizeof(datagram); i++)
    {
        datagram[i] = (uint8_t)(i * 167);
    }

    for (int i = 0; i < ADK_CHECKSUM_BATCHES; i++)
    {
        uint32_t sum = 0;
        const int64_t start_ns = aeron_nano_clock();
        for (int j = 0; j < ADK_CHECKSUMS_PER_BATCH; j++)
        {
            /* Each depends on the one before, so that none is left out and none runs beside another. */
            udp->dgram_len = rte_cpu_to_be_16(length);
            udp->dgram_cksum = 0;
            sum = adk_checksum_udp_finish(sum, udp, length);
            __asm__ volatile("" : "+r"(sum) : : "memory");
        }
        adk_samples_add(&samples, (double)(aeron_nano_clock() - start_ns) / ADK_CHECKSUMS_PER_BATCH);
    }

    const double median_ns = adk_samples_median(&samples);
    adk_samples_close(&samples);
    return median_ns;
}
