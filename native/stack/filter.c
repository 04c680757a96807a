#include "stack/filter.h"

/* The parts of a code (bpf(4)). */
enum
{
    CLASS_LD = 0x00,
    CLASS_LDX = 0x01,
    CLASS_ST = 0x02,
    CLASS_STX = 0x03,
    CLASS_ALU = 0x04,
    CLASS_JMP = 0x05,
    CLASS_RET = 0x06,
    CLASS_MISC = 0x07,
    CLASS_MASK = 0x07,

    SIZE_W = 0x00,
    SIZE_H = 0x08,
    SIZE_B = 0x10,

    MODE_IMM = 0x00,
    MODE_ABS = 0x20,
    MODE_IND = 0x40,
    MODE_MEM = 0x60,
    MODE_LEN = 0x80,
    MODE_MSH = 0xa0,

    SOURCE_X = 0x08,
    ALU_ADD = 0x00,
    ALU_SUB = 0x10,
    ALU_MUL = 0x20,
    ALU_DIV = 0x30,
    ALU_OR = 0x40,
    ALU_AND = 0x50,
    ALU_LSH = 0x60,
    ALU_RSH = 0x70,
    ALU_NEG = 0x80,
    ALU_MOD = 0x90,
    ALU_XOR = 0xa0,
    OPERATION_MASK = 0xf0,

    JMP_JA = 0x00,
    JMP_JEQ = 0x10,
    JMP_JGT = 0x20,
    JMP_JGE = 0x30,
    JMP_JSET = 0x40,

    RET_A = 0x10,
    MISC_TXA = 0x80,

    MEMORY_WORDS = 16
};

typedef struct adk_filter_machine_stct
{
    const uint8_t *frame;
    uint32_t available;
    uint32_t frame_length;
    uint32_t a;
    uint32_t x;
    uint32_t memory[MEMORY_WORDS];
} adk_filter_machine_t;

static bool is_valid_load(const adk_filter_instruction_t *instruction)
{
    switch (instruction->code)
    {
        case CLASS_LD | SIZE_W | MODE_ABS:
        case CLASS_LD | SIZE_H | MODE_ABS:
        case CLASS_LD | SIZE_B | MODE_ABS:
        case CLASS_LD | SIZE_W | MODE_IND:
        case CLASS_LD | SIZE_H | MODE_IND:
        case CLASS_LD | SIZE_B | MODE_IND:
        case CLASS_LD | SIZE_W | MODE_LEN:
        case CLASS_LD | MODE_IMM:
        case CLASS_LDX | SIZE_W | MODE_LEN:
        case CLASS_LDX | SIZE_B | MODE_MSH:
        case CLASS_LDX | MODE_IMM:
            return true;
        case CLASS_LD | MODE_MEM:
        case CLASS_LDX | MODE_MEM:
        case CLASS_ST:
        case CLASS_STX:
            return instruction->k < MEMORY_WORDS;
        default:
            return false;
    }
}

static bool is_valid_alu(const adk_filter_instruction_t *instruction)
{
    const int operation = instruction->code & OPERATION_MASK;
    const bool is_division = ALU_DIV == operation || ALU_MOD == operation;

    if (ALU_NEG == operation)
    {
        return (CLASS_ALU | ALU_NEG) == instruction->code;
    }
    return instruction->code <= (CLASS_ALU | ALU_XOR | SOURCE_X) &&
        !(is_division && 0 == (instruction->code & SOURCE_X) && 0 == instruction->k);
}

/* left: how many instructions follow this one. */
static bool is_valid_jump(const adk_filter_instruction_t *instruction, uint32_t left)
{
    if ((CLASS_JMP | JMP_JA) == instruction->code)
    {
        return instruction->k < left;
    }
    return instruction->code <= (CLASS_JMP | JMP_JSET | SOURCE_X) &&
        JMP_JA != (instruction->code & OPERATION_MASK) &&
        instruction->jump_true < left &&
        instruction->jump_false < left;
}

bool adk_filter_is_valid(const adk_filter_instruction_t *program, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
    {
        bool is_valid;
        switch (program[i].code & CLASS_MASK)
        {
            case CLASS_ALU:
                is_valid = is_valid_alu(&program[i]);
                break;
            case CLASS_JMP:
                is_valid = is_valid_jump(&program[i], length - 1 - i);
                break;
            case CLASS_RET:
                is_valid = CLASS_RET == program[i].code || (CLASS_RET | RET_A) == program[i].code;
                break;
            case CLASS_MISC:
                is_valid = CLASS_MISC == program[i].code || (CLASS_MISC | MISC_TXA) == program[i].code;
                break;
            default:
                is_valid = is_valid_load(&program[i]);
                break;
        }
        if (!is_valid)
        {
            return false;
        }
    }
    return length > 0 && length <= ADK_FILTER_LENGTH_MAX && CLASS_RET == (program[length - 1].code & CLASS_MASK);
}

/* Loads size bytes in network order at offset. False beyond the end, which rejects the frame. */
static bool load_bytes(const adk_filter_machine_t *machine, uint64_t offset, uint32_t size, uint32_t *value)
{
    if (offset + size > machine->available)
    {
        return false;
    }
    *value = 0;
    for (uint32_t i = 0; i < size; i++)
    {
        *value = *value << 8 | machine->frame[offset + i];
    }
    return true;
}

static bool load(adk_filter_machine_t *machine, const adk_filter_instruction_t *instruction)
{
    const uint16_t code = instruction->code;
    const uint32_t size = SIZE_W == (code & 0x18) ? 4 : SIZE_H == (code & 0x18) ? 2 : 1;
    uint32_t *target = CLASS_LD == (code & CLASS_MASK) ? &machine->a : &machine->x;

    switch (code & 0xe0)
    {
        case MODE_ABS:
            return load_bytes(machine, instruction->k, size, target);
        case MODE_IND:
            return load_bytes(machine, (uint64_t)machine->x + instruction->k, size, target);
        case MODE_MSH:
            if (!load_bytes(machine, instruction->k, 1, target))
            {
                return false;
            }
            *target = (*target & 0xf) << 2;
            return true;
        case MODE_MEM:
            *target = machine->memory[instruction->k];
            return true;
        case MODE_LEN:
            *target = machine->frame_length;
            return true;
        default:
            *target = instruction->k;
            return true;
    }
}

/* A division by zero rejects the frame. */
static bool calculate(adk_filter_machine_t *machine, const adk_filter_instruction_t *instruction)
{
    const uint32_t operand = 0 != (instruction->code & SOURCE_X) ? machine->x : instruction->k;
    uint32_t *a = &machine->a;

    switch (instruction->code & OPERATION_MASK)
    {
        case ALU_ADD:
            *a += operand;
            return true;
        case ALU_SUB:
            *a -= operand;
            return true;
        case ALU_MUL:
            *a *= operand;
            return true;
        case ALU_OR:
            *a |= operand;
            return true;
        case ALU_AND:
            *a &= operand;
            return true;
        case ALU_XOR:
            *a ^= operand;
            return true;
        case ALU_LSH:
            *a = operand < 32 ? *a << operand : 0;
            return true;
        case ALU_RSH:
            *a = operand < 32 ? *a >> operand : 0;
            return true;
        case ALU_NEG:
            *a = 0 - *a;
            return true;
        default:
            if (0 == operand)
            {
                return false;
            }
            *a = ALU_DIV == (instruction->code & OPERATION_MASK) ? *a / operand : *a % operand;
            return true;
    }
}

static uint32_t jump(const adk_filter_machine_t *machine, const adk_filter_instruction_t *instruction)
{
    const uint32_t operand = 0 != (instruction->code & SOURCE_X) ? machine->x : instruction->k;
    bool is_true;

    switch (instruction->code & OPERATION_MASK)
    {
        case JMP_JA:
            return instruction->k;
        case JMP_JEQ:
            is_true = machine->a == operand;
            break;
        case JMP_JGT:
            is_true = machine->a > operand;
            break;
        case JMP_JGE:
            is_true = machine->a >= operand;
            break;
        default:
            is_true = 0 != (machine->a & operand);
            break;
    }
    return is_true ? instruction->jump_true : instruction->jump_false;
}

bool adk_filter_accepts(
    const adk_filter_instruction_t *program, const uint8_t *frame, uint32_t available, uint32_t frame_length)
{
    adk_filter_machine_t machine = { .frame = frame, .available = available, .frame_length = frame_length };

    for (;; program++)
    {
        switch (program->code & CLASS_MASK)
        {
            case CLASS_LD:
            case CLASS_LDX:
                if (!load(&machine, program))
                {
                    return false;
                }
                break;
            case CLASS_ST:
                machine.memory[program->k] = machine.a;
                break;
            case CLASS_STX:
                machine.memory[program->k] = machine.x;
                break;
            case CLASS_ALU:
                if (!calculate(&machine, program))
                {
                    return false;
                }
                break;
            case CLASS_JMP:
                program += jump(&machine, program);
                break;
            case CLASS_RET:
                return 0 != (0 != (program->code & RET_A) ? machine.a : program->k);
            default:
                if (0 != (program->code & MISC_TXA))
                {
                    machine.a = machine.x;
                }
                else
                {
                    machine.x = machine.a;
                }
                break;
        }
    }
}
