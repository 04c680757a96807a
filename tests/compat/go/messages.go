package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/lirm/aeron-go/aeron"
	"github.com/lirm/aeron-go/aeron/atomic"
	"github.com/lirm/aeron-go/aeron/logbuffer"
)

const (
	timeout       = 60 * time.Second
	pause         = 100 * time.Microsecond
	maxLength     = 5000 // several fragments of an MTU of 1,408
	fragmentLimit = 64
)

// content is what message `number` holds, 1 to maxLength bytes: SplitMix64, seeded with the number.
func content(number uint64) []byte {
	state := number
	next := func() uint64 {
		state += 0x9e3779b97f4a7c15
		mixed := (state ^ state>>30) * 0xbf58476d1ce4e5b9
		mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
		return mixed ^ mixed>>31
	}
	message := make([]byte, 1+next()%maxLength)
	for i := range message {
		message[i] = byte(next())
	}
	return message
}

// until returns an error once it took longer than the timeout, or as soon as `holds` fails.
func until(what string, holds func() (bool, error)) error {
	deadline := time.Now().Add(timeout)
	for {
		done, err := holds()
		if done || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("never came true: %s", what)
		}
		time.Sleep(pause)
	}
}

// take polls for all messages from 0 to `end`, each whole and in order.
func take(subscription *aeron.Subscription, end uint64) error {
	var expected uint64
	var different error
	check := func(buffer *atomic.Buffer, offset int32, length int32, _ *logbuffer.Header) {
		if different == nil && !bytes.Equal(buffer.GetBytesArray(offset, length), content(expected)) {
			different = fmt.Errorf("message %d differs", expected)
		}
		expected++
	}
	assembler := aeron.NewFragmentAssembler(check, maxLength)
	return until(fmt.Sprintf("%d messages", end), func() (bool, error) {
		subscription.Poll(assembler.OnFragment, fragmentLimit)
		return expected == end, different
	})
}
