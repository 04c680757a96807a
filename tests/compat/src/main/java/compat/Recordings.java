package compat;

import static io.aeron.archive.codecs.SourceLocation.REMOTE;

import io.aeron.ChannelUriStringBuilder;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import java.io.File;

/** An Archive on one driver, its client on another: a stream is recorded, extended, and replayed, also to a group. */
final class Recordings
{
    private static final int MESSAGES = 500;
    private static final int TERM_LENGTH = 1 << 20;

    private Recordings()
    {
    }

    static void recordReplayExtend(
        final String archiveDriver,
        final String archiveHost,
        final String clientDriver,
        final String clientHost,
        final String directory)
    {
        final String control = "aeron:udp?endpoint=" + archiveHost + ":21010";
        final String source = "aeron:udp?endpoint=" + archiveHost + ":21020";
        try (Archive ignored = Archive.launch(context(archiveDriver, archiveHost, directory).controlChannel(control));
            AeronArchive archive = AeronArchive.connect(new AeronArchive.Context()
                .aeronDirectoryName(clientDriver)
                .controlRequestChannel(control)
                .controlResponseChannel("aeron:udp?endpoint=" + clientHost + ":0")))
        {
            final ChannelUriStringBuilder uri =
                new ChannelUriStringBuilder(source).termLength(TERM_LENGTH);
            archive.startRecording(source, Messages.STREAM_ID, REMOTE);
            final long recording;
            final int initialTermId;
            try (ExclusivePublication publication =
                archive.context().aeron().addExclusivePublication(uri.build(), Messages.STREAM_ID))
            {
                initialTermId = publication.initialTermId();
                recording = record(archive, publication, 0, MESSAGES);
            }
            archive.stopRecording(source, Messages.STREAM_ID);
            replay(archive, recording, clientHost, MESSAGES);

            final long end = archive.getStopPosition(recording);
            final String extended = uri.initialPosition(end, initialTermId, TERM_LENGTH).build();
            try (ExclusivePublication publication =
                archive.context().aeron().addExclusivePublication(extended, Messages.STREAM_ID))
            {
                archive.extendRecording(recording, source, Messages.STREAM_ID, REMOTE);
                record(archive, publication, MESSAGES, 2 * MESSAGES);
            }
            archive.stopRecording(source, Messages.STREAM_ID);
            replay(archive, recording, clientHost, 2 * MESSAGES);
            replayToGroup(archive, recording, archiveHost, clientHost, 2 * MESSAGES);
        }
    }

    private static Archive.Context context(final String driver, final String host, final String directory)
    {
        return new Archive.Context()
            .aeronDirectoryName(driver)
            .archiveDir(new File(directory))
            .replicationChannel("aeron:udp?endpoint=" + host + ":0")
            .recordingEventsEnabled(false)
            .threadingMode(ArchiveThreadingMode.SHARED);
    }

    /** Returns when everything that was offered has been recorded. */
    private static long record(
        final AeronArchive archive, final ExclusivePublication publication, final long first, final long end)
    {
        Messages.offer(publication, first, end);
        final long[] recording = { AeronArchive.NULL_POSITION };
        Messages.await(() ->
        {
            recording[0] = archive.findLastMatchingRecording(
                0, "endpoint", Messages.STREAM_ID, publication.sessionId());
            if (recording[0] < 0)
            {
                recording[0] = archive.findLastMatchingRecording(0, "endpoint", Messages.STREAM_ID, lastSession(archive));
            }
            return recording[0] >= 0 && archive.getRecordingPosition(recording[0]) == publication.position();
        }, "all is recorded");
        return recording[0];
    }

    private static int lastSession(final AeronArchive archive)
    {
        final int[] session = new int[1];
        archive.listRecordings(0, 10, (controlSession, correlation, recording, startTime, stopTime, start, stop,
            initialTerm, segment, term, mtu, sessionId, stream, stripped, original, source) -> session[0] = sessionId);
        return session[0];
    }

    private static void replay(final AeronArchive archive, final long recording, final String host, final long end)
    {
        final String channel = "aeron:udp?endpoint=" + host + ":21030";
        final long length = archive.getStopPosition(recording);
        try (Subscription subscription = archive.replay(recording, 0, length, channel, Messages.STREAM_ID + 1))
        {
            new Messages().take(subscription, end);
        }
    }

    private static void replayToGroup(
        final AeronArchive archive,
        final long recording,
        final String archiveHost,
        final String clientHost,
        final long end)
    {
        final String group = clientHost.startsWith("[") ? "[ff15::91:41]" : "224.20.30.41";
        final String channel = "aeron:udp?endpoint=" + group + ":21040|interface=";
        final int stream = Messages.STREAM_ID + 2;
        final long length = archive.getStopPosition(recording);
        final int session = (int)archive.startReplay(recording, 0, length, channel + archiveHost, stream);
        try (Subscription subscription = archive.context().aeron().addSubscription(
            channel + clientHost + "|session-id=" + session, stream))
        {
            new Messages().take(subscription, end);
        }
    }
}
