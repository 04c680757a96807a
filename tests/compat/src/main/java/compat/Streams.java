package compat;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.Subscription;

/** A Java publisher on one driver, a Java subscriber on another. */
final class Streams
{
    private static final int MESSAGES = 2000;

    private Streams()
    {
    }

    static void cross(final String sourceDir, final String sinkDir, final String channel) throws InterruptedException
    {
        try (Aeron source = Aeron.connect(new Aeron.Context().aeronDirectoryName(sourceDir));
            Aeron sink = Aeron.connect(new Aeron.Context().aeronDirectoryName(sinkDir));
            Subscription subscription = sink.addSubscription(channel, Messages.STREAM_ID);
            Publication publication = source.addPublication(channel, Messages.STREAM_ID))
        {
            final Thread sender = new Thread(() -> Messages.offer(publication, 0, MESSAGES));
            sender.start();
            new Messages().take(subscription, MESSAGES);
            sender.join();
        }
    }
}
