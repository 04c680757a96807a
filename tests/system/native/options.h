#ifndef AERON_DPDK_TEST_OPTIONS_H
#define AERON_DPDK_TEST_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"

#define OPTIONS_MAX_CHANNELS (256)
#define OPTIONS_MAX_DESTINATIONS (16)

typedef struct options_stct
{
    const char *dir;
    const char *channels[OPTIONS_MAX_CHANNELS];
    size_t channel_count;
    const char *destinations[OPTIONS_MAX_DESTINATIONS];
    size_t destination_count;
    int32_t stream_id;
    int32_t stream_count;
    uint64_t messages;      /* per publication; per image for a subscriber */
    uint64_t sources;       /* images expected per subscription */
    uint64_t timeout_ms;    /* without any progress */
    uint64_t interval_us;   /* pause after each message */
    const char *response_channel;
    bool is_exclusive;
    bool is_patient;        /* a publisher waits for subscribers, a subscriber for images, both for their driver */
    bool is_verified;       /* a subscriber checks every message against (seed, index) */
    content_t content;
} options_t;

static inline uint64_t options_number(const char *name, const char *text)
{
    char *end = NULL;
    const unsigned long long value = strtoull(text, &end, 0);
    if ('\0' == *text || '\0' != *end)
    {
        fprintf(stderr, "--%s=%s is not a number\n", name, text);
        exit(2);
    }
    return (uint64_t)value;
}

static inline const char **options_slot(const char *name, const char **array, size_t *count, size_t limit)
{
    if (*count == limit)
    {
        fprintf(stderr, "more than %zu of --%s\n", limit, name);
        exit(2);
    }
    return &array[(*count)++];
}

static inline void options_text(options_t *options, const char *name, const char *value)
{
    if (0 == strcmp(name, "dir"))
    {
        options->dir = value;
    }
    else if (0 == strcmp(name, "channel"))
    {
        *options_slot(name, options->channels, &options->channel_count, OPTIONS_MAX_CHANNELS) = value;
    }
    else if (0 == strcmp(name, "destination"))
    {
        *options_slot(name, options->destinations, &options->destination_count, OPTIONS_MAX_DESTINATIONS) = value;
    }
    else
    {
        options->response_channel = value;
    }
}

static inline void options_set(options_t *options, const char *name, uint64_t value)
{
    const struct
    {
        const char *name;
        uint64_t *value;
    } words[] = {
        { "messages", &options->messages },     { "sources", &options->sources },
        { "timeout-ms", &options->timeout_ms }, { "interval-us", &options->interval_us },
        { "seed", &options->content.seed },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    {
        if (0 == strcmp(words[i].name, name))
        {
            *words[i].value = value;
            return;
        }
    }

    if (0 == strcmp(name, "stream"))
    {
        options->stream_id = (int32_t)value;
    }
    else if (0 == strcmp(name, "streams"))
    {
        options->stream_count = (int32_t)value;
    }
    else if (0 == strcmp(name, "min"))
    {
        options->content.min_length = (size_t)value;
    }
    else
    {
        options->content.max_length = (size_t)value;
    }
}

static inline void options_flag(options_t *options, const char *name)
{
    options->is_exclusive |= 0 == strcmp(name, "exclusive");
    options->is_patient |= 0 == strcmp(name, "patient");
    options->is_verified |= 0 == strcmp(name, "verify");
}

static inline options_t options_parse(int argc, char **argv)
{
    enum
    {
        TEXT,
        NUMBER,
        FLAG
    };
    static const struct option known[] = {
        { "dir", required_argument, NULL, TEXT },
        { "channel", required_argument, NULL, TEXT },
        { "destination", required_argument, NULL, TEXT },
        { "response-channel", required_argument, NULL, TEXT },
        { "stream", required_argument, NULL, NUMBER },
        { "streams", required_argument, NULL, NUMBER },
        { "messages", required_argument, NULL, NUMBER },
        { "sources", required_argument, NULL, NUMBER },
        { "timeout-ms", required_argument, NULL, NUMBER },
        { "interval-us", required_argument, NULL, NUMBER },
        { "seed", required_argument, NULL, NUMBER },
        { "min", required_argument, NULL, NUMBER },
        { "max", required_argument, NULL, NUMBER },
        { "exclusive", no_argument, NULL, FLAG },
        { "patient", no_argument, NULL, FLAG },
        { "verify", no_argument, NULL, FLAG },
        { NULL, 0, NULL, 0 },
    };
    options_t options = {
        .stream_id = 1001,
        .stream_count = 1,
        .messages = 1,
        .sources = 1,
        .timeout_ms = 30000,
        .content = { .seed = 1, .min_length = 32, .max_length = 32 },
    };
    int index = 0;

    for (int kind; -1 != (kind = getopt_long(argc, argv, "", known, &index));)
    {
        switch (kind)
        {
            case TEXT:
                options_text(&options, known[index].name, optarg);
                break;

            case NUMBER:
                options_set(&options, known[index].name, options_number(known[index].name, optarg));
                break;

            case FLAG:
                options_flag(&options, known[index].name);
                break;

            default:
                exit(2);
        }
    }

    if (NULL == options.dir || 0 == options.channel_count || options.content.min_length > options.content.max_length)
    {
        fprintf(stderr, "usage: %s --dir=AERON_DIR --channel=URI … (see options.h)\n", argv[0]);
        exit(2);
    }

    return options;
}

#endif
