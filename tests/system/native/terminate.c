/* Asks the driver of AERON_DIR to stop, as an application may if the driver's termination validator agrees. */
#include <stdint.h>

#include "aeronc.h"
#include "report.h"

int main(int argc, char **argv)
{
    static const uint8_t token[] = "please";

    if (2 != argc || aeron_context_request_driver_termination(argv[1], token, sizeof(token)) < 0)
    {
        report_error("terminate", aeron_errcode(), 2 == argc ? aeron_errmsg() : "usage: terminate AERON_DIR");
        return 1;
    }

    report_event("done");
    return 0;
}
