/*
 * Classic BPF (McCanne & Jacobson 1993; bpf(4)), which libpcap compiles filter expressions to. An instruction is laid
 * out as libpcap's struct bpf_insn. Jumps only go forward, so a program ends after at most as many steps as it has
 * instructions.
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

/* Whether a program is safe to run: only known instructions, no jump or memory access out of bounds, and it ends. */
bool adk_filter_is_valid(const adk_filter_instruction_t *program, uint32_t length);

/* For valid programs only. available: how many of the frame's frame_length bytes are present. */
bool adk_filter_accepts(
    const adk_filter_instruction_t *program, const uint8_t *frame, uint32_t available, uint32_t frame_length);

#endif
