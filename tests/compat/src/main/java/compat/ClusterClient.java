package compat;

import io.aeron.cluster.client.AeronCluster;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/** Sends numbers and waits for each to come back; one that was lost with a leader is sent again. */
final class ClusterClient
{
    private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);

    private static long echoed = -1;

    private ClusterClient()
    {
    }

    static void echo(final String driver, final String host, final String[] hosts, final int numbers)
    {
        final AeronCluster.Context context = new AeronCluster.Context()
            .aeronDirectoryName(driver)
            .ingressChannel("aeron:udp?term-length=64k")
            .ingressEndpoints(Node.ingress(hosts))
            .egressChannel("aeron:udp?endpoint=" + host + ":0")
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(30))
            .egressListener((session, time, buffer, offset, length, header) -> echoed = buffer.getLong(offset));
        final long deadline = System.nanoTime() + TIMEOUT_NS;
        try (AeronCluster cluster = AeronCluster.connect(context))
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
            for (long number = 0; number < numbers; number++)
            {
                buffer.putLong(0, number);
                long again = System.nanoTime();
                while (echoed != number)
                {
                    if (System.nanoTime() >= again && cluster.offer(buffer, 0, 8) > 0)
                    {
                        again = System.nanoTime() + AGAIN_NS;
                    }
                    cluster.pollEgress();
                    if (System.nanoTime() > deadline)
                    {
                        throw new IllegalStateException("no echo of " + number);
                    }
                    Thread.yield();
                }
                System.out.println("echoed " + number);
                pause();
            }
        }
    }

    private static void pause()
    {
        try
        {
            Thread.sleep(5);
        }
        catch (final InterruptedException interrupted)
        {
            Thread.currentThread().interrupt();
        }
    }
}
