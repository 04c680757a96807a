/*
 * Classic BPF (McCanne & Jacobson 1993; bpf(4)): what libpcap compiles a filter expression to. An instruction is laid
 * out as libpcap's struct bpf_insn. Jumps only go forward, so that a program ends after at most its own length.
 */
#ifndef ADK_STACK_FILTER_H
#define ADK_STACK_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define ADK_FILTER_LENGTH_MAX (4096)

typedef struct adk_filter_instruction_stct
{
    uint16_t code;
    uint8_t jump_true;
    uint8_t jump_false;
    uint32_t k;
} adk_filter_instruction_t;

/* Whether it may be run: known instructions only, no jump and no memory out of bounds, and it ends. */
bool adk_filter_is_valid(const adk_filter_instruction_t *program, uint32_t length);

/* Of a valid program. available is how many bytes of the frame's frame_length there are. */
bool adk_filter_accepts(
    const adk_filter_instruction_t *program, const uint8_t *frame, uint32_t available, uint32_t frame_length);

#endif
