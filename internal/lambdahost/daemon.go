package lambdahost

import "net"

// daemon is the X-Ray daemon's socket.
type daemon struct {
	socket net.PacketConn
	ended  chan struct{}
}

// listenDaemon opens a socket and passes on each datagram.
func listenDaemon(on func([]byte)) (*daemon, error) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &daemon{socket, make(chan struct{})}
	go func() {
		defer close(d.ended)
		buf := make([]byte, 1<<16)
		for {
			n, _, err := socket.ReadFrom(buf)
			if err != nil {
				return
			}
			on(buf[:n])
		}
	}()
	return d, nil
}

// close ends the socket, if there is one, and what reads it.
func (d *daemon) close() {
	if d != nil {
		_ = d.socket.Close()
		<-d.ended
	}
}
