// What a user's Go programs do to a driver; each ends with a line "OK".
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/lirm/aeron-go/aeron"
	"github.com/lirm/aeron-go/aeron/atomic"
)

const (
	streamID = 1001
	messages = 2000
)

func connect(directory string) (*aeron.Aeron, error) {
	return aeron.Connect(aeron.NewContext().AeronDir(directory))
}

func publish(publication *aeron.Publication) error {
	for number := uint64(0); number < messages; number++ {
		message := content(number)
		buffer := atomic.MakeBuffer(message)
		err := until(fmt.Sprintf("offer %d", number), func() (bool, error) {
			result := publication.Offer(buffer, 0, int32(len(message)), nil)
			switch result {
			case aeron.PublicationClosed, aeron.MaxPositionExceeded:
				return false, fmt.Errorf("offer %d: %d", number, result)
			}
			return result > 0, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cross sends a stream from one driver to another.
func cross(sourceDirectory, sinkDirectory, channel string) error {
	sink, err := connect(sinkDirectory)
	if err != nil {
		return err
	}
	defer sink.Close()
	subscription, err := sink.AddSubscription(channel, streamID)
	if err != nil {
		return err
	}
	source, err := connect(sourceDirectory)
	if err != nil {
		return err
	}
	defer source.Close()
	publication, err := source.AddPublication(channel, streamID)
	if err != nil {
		return err
	}
	published := make(chan error, 1)
	go func() { published <- publish(publication) }()
	return errors.Join(take(subscription, messages), <-published)
}

func run(arguments []string) error {
	if len(arguments) == 4 && arguments[0] == "stream" {
		return cross(arguments[1], arguments[2], arguments[3])
	}
	if len(arguments) == 4 && arguments[0] == "archive" {
		return recordAndReplay(arguments[1], arguments[2], arguments[3])
	}
	return errors.New("usage: compat stream SOURCE_DIR SINK_DIR CHANNEL | archive CLIENT_DIR CLIENT_HOST ARCHIVE_HOST")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("OK")
}
