#include <errno.h>
#include <stdlib.h>

#include "aeronc.h"
#include "bench/native/samples.h"
#include "bench/native/single_costs.h"
#include "port/error.h"
#include "wire/checksum.h"

#define CHECKSUMS_PER_BATCH (64)
#define PAYLOAD_LENGTH (1408)

int checksum_cost(uint32_t batches)
{
    static _Alignas(64) uint8_t datagram[sizeof(struct rte_udp_hdr) + PAYLOAD_LENGTH];
    struct rte_udp_hdr *udp = (struct rte_udp_hdr *)datagram;
    const uint16_t length = sizeof(datagram);

    double *samples = calloc(batches, sizeof(*samples));
    if (NULL == samples)
    {
        adk_set_error(ENOMEM, "no memory for %u samples", batches);
        return -1;
    }
    adk_checksum_use_widest();
    for (size_t i = 0; i < sizeof(datagram); i++)
    {
        datagram[i] = (uint8_t)(i * 167);
    }

    for (uint32_t i = 0; i < batches; i++)
    {
        uint32_t sum = 0;
        const int64_t start_ns = aeron_nano_clock();
        for (int j = 0; j < CHECKSUMS_PER_BATCH; j++)
        {
            /* Each depends on the previous one, so that none is optimised away and none overlaps with another. */
            udp->dgram_len = rte_cpu_to_be_16(length);
            udp->dgram_cksum = 0;
            sum = adk_checksum_udp_finish(sum, udp, length);
            __asm__ volatile("" : "+r"(sum) : : "memory");
        }
        samples[i] = (double)(aeron_nano_clock() - start_ns) / CHECKSUMS_PER_BATCH;
    }

    print_samples("checksum", 1, samples, batches);
    free(samples);
    return 0;
}
