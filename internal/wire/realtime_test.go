package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// signalTB says on a channel what is logged.
type signalTB struct {
	testing.TB
	said chan string
}

func (s signalTB) Logf(format string, args ...any) { s.said <- fmt.Sprintf(format, args...) }

func TestRealTimeIsSaidOnce(t *testing.T) {
	tb := signalTB{t, make(chan string, 10)}
	s := newServer(tb)
	ctx := wire.Patience(t.Context(), time.Millisecond)
	stop, other := s.Watch(ctx, "Drain"), s.Watch(ctx, "Run")
	said := <-tb.said
	require.Contains(t, said, "has gone on for 1ms of real time")
	require.Contains(t, said, "synctest.Test")
	time.Sleep(2 * time.Millisecond)
	stop()
	other()
	stop = s.Watch(ctx, "Drain")
	time.Sleep(5 * time.Millisecond)
	stop()
	require.Empty(t, tb.said)
}

func TestRealTimeThatIsMeant(t *testing.T) {
	tb := signalTB{t, make(chan string, 10)}
	newServer(nil).Watch(wire.Patience(t.Context(), 0), "Drain")()
	defer newServer(tb).Watch(wire.Patience(t.Context(), -1), "Drain")()
	time.Sleep(2 * time.Millisecond)
	for range 100 { // what ends in time says nothing
		newServer(tb).Watch(t.Context(), "Drain")()
	}
	require.Empty(t, tb.said)
}

func TestVirtualTimeIsSilent(t *testing.T) {
	log := &logTB{TB: t}
	s := newServer(log)
	synctest.Test(t, func(t *testing.T) {
		defer s.Watch(t.Context(), "Drain")()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer s.Watch(wire.Patience(t.Context(), 0), "Drain")()
			time.Sleep(24 * time.Hour)
		}()
		<-done
	})
	require.Empty(t, log.lines)
}

// A delay of a fault is a wait, too.
func TestADelayOutsideOfABubble(t *testing.T) {
	tb := signalTB{t, make(chan string, 10)}
	s := newServer(tb)
	s.Delay("DeleteQueue", time.Hour)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Amz-Target", "AmazonSQS.DeleteQueue")
	ctx, cancel := context.WithCancel(wire.Patience(t.Context(), time.Millisecond))
	go func() {
		if strings.Contains(<-tb.said, "real time") {
			cancel()
		}
	}()
	_, err := s.Do(r.WithContext(ctx))
	require.Error(t, err)
}
