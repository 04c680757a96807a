package compat;

import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Messages whose bytes follow from their number, sent and checked in order. */
final class Messages
{
    static final int STREAM_ID = 1001;
    private static final int MAX_LENGTH = 5000;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);

    private long expected;

    static byte[] content(final long number)
    {
        final Random dice = new Random(number);
        final byte[] content = new byte[1 + dice.nextInt(MAX_LENGTH)];
        dice.nextBytes(content);
        return content;
    }

    static void offer(final Publication publication, final long first, final long end)
    {
        for (long number = first; number < end; number++)
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(content(number));
            await(() ->
            {
                final long result = publication.offer(buffer);
                if (result == Publication.CLOSED || result == Publication.MAX_POSITION_EXCEEDED)
                {
                    throw new IllegalStateException("offer: " + Publication.errorString(result));
                }
                return result > 0;
            }, "offer " + number);
        }
    }

    /** All from 0 to end, whole and in order. */
    void take(final Subscription subscription, final long end)
    {
        final FragmentAssembler assembler =
            new FragmentAssembler((buffer, offset, length, header) -> check(buffer, offset, length));
        await(() ->
        {
            subscription.poll(assembler, 64);
            return expected == end;
        }, "message " + expected + " of " + end);
    }

    private void check(final DirectBuffer buffer, final int offset, final int length)
    {
        final byte[] received = new byte[length];
        buffer.getBytes(offset, received);
        if (!java.util.Arrays.equals(received, content(expected)))
        {
            throw new IllegalStateException("message " + expected + " differs");
        }
        expected++;
    }

    static void await(final BooleanSupplier holds, final String what)
    {
        final long deadline = System.nanoTime() + TIMEOUT_NS;
        while (!holds.getAsBoolean())
        {
            if (System.nanoTime() > deadline)
            {
                throw new IllegalStateException("never came true: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
