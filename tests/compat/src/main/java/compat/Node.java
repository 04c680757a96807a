package compat;

import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.codecs.CloseReason;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.aeron.cluster.service.ClusteredService;
import io.aeron.cluster.service.ClusteredServiceContainer;
import io.aeron.logbuffer.Header;
import java.io.File;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.SleepingMillisIdleStrategy;

/** One member of a cluster that echoes; it prints when it becomes the leader. Each member has its own ports. */
final class Node
{
    private Node()
    {
    }

    private static String endpoint(final String[] hosts, final int member, final int offset)
    {
        return hosts[member] + ":" + (22000 + 100 * member + offset);
    }

    static String ingress(final String[] hosts)
    {
        final StringJoiner all = new StringJoiner(",");
        for (int member = 0; member < hosts.length; member++)
        {
            all.add(member + "=" + endpoint(hosts, member, 1));
        }
        return all.toString();
    }

    private static String members(final String[] hosts)
    {
        final StringJoiner all = new StringJoiner("|");
        for (int member = 0; member < hosts.length; member++)
        {
            final StringJoiner one = new StringJoiner(",").add(Integer.toString(member));
            for (int offset = 1; offset <= 5; offset++)
            {
                one.add(endpoint(hosts, member, offset));
            }
            all.add(one.toString());
        }
        return all.toString();
    }

    static void run(final int member, final String driver, final String[] hosts, final String directory)
    {
        final String local = "aeron:ipc?term-length=64k";
        final AeronArchive.Context archiveClient = new AeronArchive.Context()
            .aeronDirectoryName(driver)
            .controlRequestChannel(local)
            .controlRequestStreamId(100 + member)
            .controlResponseChannel(local)
            .controlResponseStreamId(200 + member);
        final Archive.Context archive = new Archive.Context()
            .aeronDirectoryName(driver)
            .archiveDir(new File(directory, "archive"))
            .controlChannel("aeron:udp?endpoint=" + endpoint(hosts, member, 5))
            .localControlChannel(local)
            .localControlStreamId(100 + member)
            .replicationChannel("aeron:udp?endpoint=" + hosts[member] + ":0")
            .recordingEventsEnabled(false)
            .idleStrategySupplier(() -> new SleepingMillisIdleStrategy(1))
            .threadingMode(ArchiveThreadingMode.SHARED);
        final ConsensusModule.Context consensus = new ConsensusModule.Context()
            .aeronDirectoryName(driver)
            .clusterDir(new File(directory, "cluster"))
            .clusterMemberId(member)
            .clusterMembers(members(hosts))
            .ingressChannel("aeron:udp?term-length=64k")
            .replicationChannel("aeron:udp?endpoint=" + hosts[member] + ":0")
            .archiveContext(archiveClient.clone())
            .controlChannel(local)
            .consensusModuleStreamId(300 + member)
            .serviceStreamId(400 + member)
            .leaderHeartbeatTimeoutNs(TimeUnit.SECONDS.toNanos(5))
            .idleStrategySupplier(() -> new SleepingMillisIdleStrategy(1));
        final ClusteredServiceContainer.Context container = new ClusteredServiceContainer.Context()
            .aeronDirectoryName(driver)
            .clusterDir(new File(directory, "cluster"))
            .archiveContext(archiveClient.clone())
            .controlChannel(local)
            .consensusModuleStreamId(300 + member)
            .serviceStreamId(400 + member)
            .idleStrategySupplier(() -> new SleepingMillisIdleStrategy(1))
            .clusteredService(new Echo(member));
        try (Archive ignoredArchive = Archive.launch(archive);
            ConsensusModule ignoredModule = ConsensusModule.launch(consensus);
            ClusteredServiceContainer ignoredContainer = ClusteredServiceContainer.launch(container))
        {
            new ShutdownSignalBarrier().await();
        }
    }

    private static final class Echo implements ClusteredService
    {
        private final int member;
        private Cluster cluster;

        private Echo(final int member)
        {
            this.member = member;
        }

        public void onStart(final Cluster cluster, final Image snapshot)
        {
            this.cluster = cluster;
        }

        public void onSessionMessage(
            final ClientSession session,
            final long timestamp,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Header header)
        {
            while (session.offer(buffer, offset, length) < 0 && cluster.role() == Cluster.Role.LEADER)
            {
                cluster.idleStrategy().idle();
            }
        }

        public void onRoleChange(final Cluster.Role role)
        {
            System.out.println(role + " " + member);
        }

        public void onSessionOpen(final ClientSession session, final long timestamp)
        {
        }

        public void onSessionClose(final ClientSession session, final long timestamp, final CloseReason reason)
        {
        }

        public void onTimerEvent(final long correlation, final long timestamp)
        {
        }

        public void onTakeSnapshot(final ExclusivePublication snapshot)
        {
        }

        public void onTerminate(final Cluster terminated)
        {
        }
    }
}
