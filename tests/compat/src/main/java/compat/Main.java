package compat;

/** What a user's Java programs do to a driver; each ends with a line "OK", or with an exception. */
public final class Main
{
    private Main()
    {
    }

    public static void main(final String[] args) throws Exception
    {
        switch (args[0])
        {
            case "stream" -> Streams.cross(args[1], args[2], args[3]);
            case "archive" -> Recordings.recordReplayExtend(args[1], args[2], args[3], args[4], args[5]);
            case "node" -> Node.run(Integer.parseInt(args[1]), args[2], args[3].split(","), args[4]);
            case "client" -> ClusterClient.echo(args[1], args[2], args[3].split(","), Integer.parseInt(args[4]));
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.out.println("OK");
        System.exit(0);
    }
}
