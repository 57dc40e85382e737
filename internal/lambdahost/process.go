package lambdahost

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"time"
)

// process is a running program with its output.
type process struct {
	cmd    *exec.Cmd
	output *os.File
	lines  func(line []byte)
	polled chan chan struct{} // asks the reader to read what there is
	read   chan struct{}      // closed when the output has been read to its end
	ended  chan struct{}      // closed when the process has ended; err is set before
	err    error              // nil for exit status 0
}

// startProcess starts a program in a process group of its own. Each line that it
// writes goes to lines.
func startProcess(cmd *exec.Cmd, lines func(line []byte)) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	ownGroup(cmd)
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	p := &process{cmd: cmd, output: r, lines: lines, polled: make(chan chan struct{}, 1), read: make(chan struct{}), ended: make(chan struct{})}
	return p, nil
}

// wait waits for the end of the process, calls dead, and waits for the end of its
// output.
func (p *process) wait(dead func()) {
	err := p.cmd.Wait()
	dead()
	killGroup(p.cmd.Process) // what it has started itself
	p.poll()                 // somebody else may still hold the other end of the pipe
	_ = p.output.Close()
	<-p.read
	p.err = err
	close(p.ended)
}

// longLine is how much of a line is kept; Lambda's own limit is 1 MB.
const longLine = 1 << 20

// readLines passes on what the process writes, line by line.
func (p *process) readLines() {
	defer close(p.read)
	var rest []byte
	buf := make([]byte, 32<<10)
	take := func(b []byte) {
		for len(b) > 0 {
			advance, line, _ := bufio.ScanLines(b, false)
			if advance == 0 {
				rest = append(rest, b...)
				b = nil
				if len(rest) < longLine {
					return
				}
				line = nil
			}
			if rest != nil {
				line = append(rest, line...)
				rest = nil
			}
			p.lines(line)
			b = b[advance:]
		}
	}
	for {
		n, err := p.output.Read(buf)
		take(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			_ = p.output.SetReadDeadline(time.Time{})
			select {
			case done := <-p.polled: // what was there before it asked is read
				readAvailable(p.output, buf, take)
				close(done)
			default:
			}
			continue
		}
		if err != nil {
			break
		}
	}
	if rest != nil {
		p.lines(rest)
	}
}

// poll returns when what the process has written so far has been passed on.
func (p *process) poll() {
	done := make(chan struct{})
	select {
	case p.polled <- done:
	case <-p.read:
		return
	}
	if p.output.SetReadDeadline(time.Unix(1, 0)) != nil {
		return
	}
	select {
	case <-done:
	case <-p.read:
	}
}

// hasEnded reports whether the process has ended.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends the process and all that it has started.
func (p *process) kill() { killGroup(p.cmd.Process) }

// within waits for the end of the process, but no longer.
func (p *process) within(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
	}
}
