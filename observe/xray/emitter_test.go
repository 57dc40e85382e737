package xray

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The X-Ray SDK tells its emitter where the daemon has gone.
func TestTheEmitterFollowsTheDaemon(t *testing.T) {
	listen := func() (net.PacketConn, *net.UDPAddr) {
		daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, daemon.Close()) })
		address, ok := daemon.LocalAddr().(*net.UDPAddr)
		require.True(t, ok)
		return daemon, address
	}
	before, address := listen()
	after, moved := listen()
	e, err := (&Options{DaemonAddress: address.String()}).emitter()
	require.NoError(t, err)
	got := func(daemon net.PacketConn) string {
		buf := make([]byte, 1<<10)
		require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
		n, _, err := daemon.ReadFrom(buf)
		require.NoError(t, err)
		return string(buf[:n])
	}
	require.NoError(t, e.send([]byte("one")))
	require.Contains(t, got(before), "one")
	e.RefreshEmitterWithAddress(moved)
	require.NoError(t, e.send([]byte("two")))
	require.Contains(t, got(after), "two")

	written := ""
	w, err := (&Options{Output: text{&written}}).emitter()
	require.NoError(t, err)
	w.RefreshEmitterWithAddress(moved)
	require.NoError(t, w.send([]byte("three")))
	require.Contains(t, written, "three", "a writer has no address")
	w.Emit(nil)
}

type text struct{ to *string }

func (w text) Write(p []byte) (int, error) { *w.to += string(p); return len(p), nil }
