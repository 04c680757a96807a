/* The floor's four phases, each the counterpart of one with Aeron. */
#include <errno.h>

#include "load/floor.h"
#include "load/window.h"
#include "port/error.h"

static int64_t stall_deadline_ns(void)
{
    return aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
}

/* Waits for frames; returns how many came, or -1. */
static int await(adk_floor_t *floor, int64_t *sequences, const char *awaited)
{
    const int64_t deadline_ns = stall_deadline_ns();

    for (uint32_t turns = 1;; turns++)
    {
        const uint16_t count = adk_floor_receive_burst(floor, sequences);
        if (count > 0)
        {
            return count;
        }
        if (0 == turns % ADK_LOAD_TURNS_PER_STALL_CHECK && adk_floor_check(floor, deadline_ns, awaited) < 0)
        {
            return -1;
        }
    }
}

static int ping(adk_floor_t *floor, int64_t sequence, int64_t *rtt_ns, int64_t *now_ns)
{
    int64_t sequences[ADK_FLOOR_BURST_LENGTH];
    const int64_t sent_ns = aeron_nano_clock();
    int64_t answer;

    if (adk_floor_transmit(floor, sequence, 1, sent_ns + ADK_LOAD_STALL_TIMEOUT_NS) < 0)
    {
        return -1;
    }
    do
    {
        const int count = await(floor, sequences, "an echo");
        if (count < 0)
        {
            return -1;
        }
        answer = sequences[count - 1];
    } while (ADK_FLOOR_HELLO == answer);

    *now_ns = aeron_nano_clock();
    *rtt_ns = *now_ns - sent_ns;
    if (sequence != answer)
    {
        adk_set_error(EBADMSG, "echo %lld differs from what was sent", (long long)sequence);
        return -1;
    }

    return 0;
}

static int ping_until(adk_floor_t *floor, int64_t end_ns, int64_t *sequence, adk_histogram_t *histogram)
{
    int64_t now_ns = 0;
    int64_t rtt_ns;

    while (now_ns < end_ns)
    {
        if (ping(floor, ++*sequence, &rtt_ns, &now_ns) < 0)
        {
            return -1;
        }
        if (NULL != histogram)
        {
            adk_histogram_record(histogram, rtt_ns);
        }
    }

    return 0;
}

int adk_floor_echo_client(
    adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram)
{
    adk_window_t window;
    int64_t sequence = ADK_FLOOR_HELLO;

    memset(result, 0, sizeof(*result));
    adk_floor_begin_phase(floor, phase);
    if (adk_floor_connect(floor) < 0 || ping_until(floor, aeron_nano_clock() + phase->warmup_ns, &sequence, NULL) < 0)
    {
        return -1;
    }

    const int64_t start_ns = aeron_nano_clock();
    const int64_t start_sequence = sequence;
    adk_window_open(&window, NULL);
    const int outcome = ping_until(floor, start_ns + phase->duration_ns, &sequence, histogram);
    adk_window_close(&window, result);
    result->messages = (uint64_t)(sequence - start_sequence);
    result->bytes = result->messages * phase->message_length;
    result->elapsed_ns = aeron_nano_clock() - start_ns;
    return outcome < 0 ? -1 : adk_floor_end(floor);
}

static int echo_until_end(adk_floor_t *floor, adk_load_result_t *result)
{
    int64_t sequences[ADK_FLOOR_BURST_LENGTH];

    while (true)
    {
        const int count = await(floor, sequences, "a frame to echo");
        if (count < 0)
        {
            return -1;
        }
        for (int i = 0; i < count; i++)
        {
            if (adk_floor_transmit(floor, sequences[i], 1, stall_deadline_ns()) < 0)
            {
                return -1;
            }
            if (ADK_MESSAGE_END == sequences[i])
            {
                return 0;
            }
            result->messages++;
        }
    }
}

int adk_floor_echo_server(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_window_t window;

    memset(result, 0, sizeof(*result));
    adk_floor_begin_phase(floor, phase);
    const int64_t start_ns = aeron_nano_clock();
    adk_window_open(&window, NULL);
    const int outcome = echo_until_end(floor, result);
    adk_window_close(&window, result);
    result->bytes = result->messages * phase->message_length;
    result->elapsed_ns = aeron_nano_clock() - start_ns;
    return outcome;
}

static int send_until(adk_floor_t *floor, int64_t end_ns, int64_t *sequence)
{
    for (int64_t now_ns = aeron_nano_clock(); now_ns < end_ns; now_ns = aeron_nano_clock())
    {
        if (adk_floor_transmit(floor, *sequence, ADK_FLOOR_BURST_LENGTH, now_ns + ADK_LOAD_STALL_TIMEOUT_NS) < 0)
        {
            return -1;
        }
        *sequence += ADK_FLOOR_BURST_LENGTH;
    }

    return 0;
}

int adk_floor_send(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_window_t window;
    int64_t sequence = ADK_FLOOR_HELLO + 1;

    memset(result, 0, sizeof(*result));
    adk_floor_begin_phase(floor, phase);
    if (adk_floor_connect(floor) < 0 || send_until(floor, aeron_nano_clock() + phase->warmup_ns, &sequence) < 0)
    {
        return -1;
    }

    const int64_t start_ns = aeron_nano_clock();
    const int64_t start_sequence = sequence;
    adk_window_open(&window, NULL);
    int outcome = send_until(floor, start_ns + phase->duration_ns, &sequence);
    adk_window_close(&window, result);
    result->messages = (uint64_t)(sequence - start_sequence);
    result->bytes = result->messages * phase->message_length;
    result->elapsed_ns = aeron_nano_clock() - start_ns;
    if (0 == outcome)
    {
        outcome = send_until(floor, aeron_nano_clock() + ADK_LOAD_LATE_NS, &sequence);
    }
    return outcome < 0 ? -1 : adk_floor_end(floor);
}

typedef struct adk_sink_stct
{
    adk_floor_t *floor;
    int64_t first;                    /* sequence number of the first one; 0 before it came */
    int64_t last;
    uint64_t received;
    bool is_ended;
} adk_sink_t;

/* Reads until a frame arrives at end_ns or later, or the end message does; answers hellos. */
static int read_until(adk_sink_t *sink, int64_t end_ns, int64_t *now_ns)
{
    int64_t sequences[ADK_FLOOR_BURST_LENGTH];

    do
    {
        const int count = await(sink->floor, sequences, "a frame");
        if (count < 0)
        {
            return -1;
        }
        for (int i = 0; i < count; i++)
        {
            sink->is_ended |= ADK_MESSAGE_END == sequences[i];
            if (ADK_FLOOR_HELLO == sequences[i] || ADK_MESSAGE_END == sequences[i])
            {
                if (adk_floor_transmit(sink->floor, sequences[i], 1, stall_deadline_ns()) < 0)
                {
                    return -1;
                }
                continue;
            }
            sink->first = 0 == sink->received ? sequences[i] : sink->first;
            sink->last = sequences[i];
            sink->received++;
        }
        *now_ns = aeron_nano_clock();
    } while (!sink->is_ended && (0 == sink->received || *now_ns < end_ns));

    return 0;
}

int adk_floor_receive(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_sink_t sink = { .floor = floor };
    adk_window_t window;
    int64_t now_ns;

    memset(result, 0, sizeof(*result));
    adk_floor_begin_phase(floor, phase);
    if (read_until(&sink, 0, &now_ns) < 0 || read_until(&sink, now_ns + phase->warmup_ns, &now_ns) < 0)
    {
        return -1;
    }

    const int64_t start_ns = now_ns;
    sink.received = 0;
    adk_window_open(&window, NULL);
    int outcome = read_until(&sink, start_ns + phase->duration_ns, &now_ns);
    adk_window_close(&window, result);
    if (0 == outcome && sink.is_ended)
    {
        adk_set_error(ENODATA, "the frames ended before the measured time was over");
        outcome = -1;
    }
    result->messages = sink.received;
    result->bytes = result->messages * phase->message_length;
    result->elapsed_ns = now_ns - start_ns;
    result->lost = sink.received > 0 ? (uint64_t)(sink.last + 1 - sink.first) - sink.received : 0;
    return outcome < 0 ? -1 : read_until(&sink, INT64_MAX, &now_ns);
}
