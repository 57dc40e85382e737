package stack

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/patternkit/serverless/examples/localaws/internal/process"
)

// grace is how long the invocations of a process may go on when the cloud is closed.
const grace = 2 * time.Second

// Binary gives a function of the template a program that is built already. It runs
// as Lambda runs it, as processes of its own with the Runtime API; its AWS clients
// find the cloud at AWS_ENDPOINT_URL. Such a test runs in real time, not in a
// synctest bubble.
func Binary(logicalID, path string) func(*Options) {
	return func(o *Options) {
		o.Functions[logicalID] = func(e Environment) (Invoke, error) {
			if info, err := os.Stat(path); err != nil {
				return nil, err
			} else if info.IsDir() || info.Mode()&0o111 == 0 {
				return nil, fmt.Errorf("%s is no program", path)
			}
			endpoint, err := e.cloud.serve()
			if err != nil {
				return nil, err
			}
			config, err := e.cloud.Lambda.Configuration(e.Function.ARN)
			if err != nil {
				return nil, err
			}
			f := process.New(path, config, func(o *process.Options) {
				o.Endpoint = endpoint
				o.OnLine = func(line string) { e.cloud.logf("%s | %s", logicalID, line) }
			})
			e.cloud.onClose(func() error { return f.Close(grace) })
			return f.Invoke, nil
		}
	}
}

// server is the port of a cloud that has processes.
type server struct {
	once sync.Once
	url  string
	err  error

	mu   sync.Mutex
	ends []func() error
}

// serve returns the URL of the cloud; without an Endpoint it is served on a
// loopback port from now on.
func (c *Cloud) serve() (url string, err error) {
	if c.endpoint != "" {
		return c.endpoint, nil
	}
	s := &c.server
	s.once.Do(func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.err = err
			return
		}
		server := &http.Server{Handler: c.Handler(), ReadHeaderTimeout: 10 * time.Second}
		var wait sync.WaitGroup
		wait.Go(func() { _ = server.Serve(listener) })
		s.url = "http://" + listener.Addr().String()
		c.onClose(func() error {
			err := server.Close()
			wait.Wait()
			return err
		})
	})
	return s.url, s.err
}

// onClose calls end when the cloud is closed, the last one first.
func (c *Cloud) onClose(end func() error) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.ends == nil && c.tb != nil {
		c.tb.Cleanup(func() { _ = c.Close() })
	}
	c.server.ends = append(c.server.ends, end)
}

// Close ends the processes of functions and the port that they use. A cloud of a
// test is closed at its end; one that has only Go handlers needs no Close.
func (c *Cloud) Close() error {
	c.server.mu.Lock()
	ends := c.server.ends
	c.server.ends = nil
	c.server.mu.Unlock()
	var errs []error
	for i := len(ends) - 1; i >= 0; i-- {
		errs = append(errs, ends[i]())
	}
	return errors.Join(errs...)
}
