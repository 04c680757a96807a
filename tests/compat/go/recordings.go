package main

import (
	"fmt"

	"github.com/lirm/aeron-go/aeron"
	"github.com/lirm/aeron-go/archive"
)

const replayStreamID = streamID + 1

func udp(host string, port int) string {
	return fmt.Sprintf("aeron:udp?endpoint=%s:%d", host, port)
}

// record offers all messages to a stream that the Archive records, and returns that recording's number and length.
func record(client *archive.Archive, archiveHost string) (recording, length int64, err error) {
	channel := udp(archiveHost, 21020)
	if _, err = client.StartRecording(channel, streamID, false, true); err != nil {
		return
	}
	publication, err := client.AddPublication(channel, streamID)
	if err != nil {
		return
	}
	defer publication.Close()
	if err = publish(publication); err != nil {
		return
	}
	length = publication.Position()
	err = until("all is recorded", func() (bool, error) {
		var position int64
		recording, err = client.FindLastMatchingRecording(0, publication.SessionID(), streamID, "endpoint")
		if err == nil && recording >= 0 {
			position, err = client.GetRecordingPosition(recording)
		}
		return position == length, err
	})
	if err == nil {
		err = client.StopRecording(channel, streamID)
	}
	return
}

func replay(client *archive.Archive, recording, length int64, clientHost string) error {
	channel := udp(clientHost, 21030)
	session, err := client.StartReplay(recording, 0, length, channel, replayStreamID)
	if err != nil {
		return err
	}
	channel, err = archive.AddSessionIdToChannel(channel, archive.ReplaySessionIdToSessionId(session))
	if err != nil {
		return err
	}
	subscription, err := client.AddSubscription(channel, replayStreamID)
	if err != nil {
		return err
	}
	defer subscription.Close()
	return take(subscription, messages)
}

// recordAndReplay is a client, on one driver, of an Archive on another.
func recordAndReplay(clientDirectory, clientHost, archiveHost string) error {
	options := archive.DefaultOptions()
	options.RequestChannel = udp(archiveHost, 21010)
	options.ResponseChannel = udp(clientHost, 0)
	options.Timeout = timeout
	client, err := archive.NewArchive(options, aeron.NewContext().AeronDir(clientDirectory))
	if err != nil {
		return err
	}
	defer client.Close()
	recording, length, err := record(client, archiveHost)
	if err != nil {
		return err
	}
	return replay(client, recording, length, clientHost)
}
