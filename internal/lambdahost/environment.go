package lambdahost

import (
	"net"
	"sync"
	"time"
)

// Lambda's own durations.
const (
	initTimeout      = 10 * time.Second
	internalShutdown = 500 * time.Millisecond  // of a function that registered an extension itself
	runtimeShutdown  = 300 * time.Millisecond  // of a function with external extensions
	shutdownTime     = 2000 * time.Millisecond // of all of it
)

const (
	// grace is how long an environment that has answered is expected to ask for the
	// next invocation, before another one is started.
	grace = 500 * time.Millisecond
	// memoryInterval is how often the memory of a busy environment is looked at.
	memoryInterval = 50 * time.Millisecond
)

// oneProcessor is the memory in MB from which on Lambda gives a function more than
// one processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const oneProcessor = 1769

// environment is one execution environment: a process with its Runtime API and
// its extensions. It is started once.
type environment struct {
	f       *Function
	spec    *spec
	phase   string // "init", or "invoke" for the second attempt
	began   time.Time
	stream  string
	begun   chan struct{} // closed when start has started what it starts
	stopped chan struct{} // closed when it is to end
	ended   chan struct{} // closed when nothing of it is left
	conns   sync.WaitGroup

	// Guarded by f.mu.
	listener   net.Listener
	open       map[*conn]struct{}
	closed     bool // connections are not taken anymore
	temporary  string
	runtime    *process
	extensions []*extension
	invokes    int           // extensions that are told of invocations
	external   int           // external extensions that have not registered yet
	registered chan struct{} // closed when external is 0
	asked      bool          // the runtime has asked for an invocation
	ready      bool          // so have all extensions
	retired    bool
	graceful   bool // the runtime has ended by itself; set before ended is closed
	broken     bool // the initialization has failed
	told       bool // there has been an invocation
	took       time.Duration
	initError  []byte
	initTimer  *time.Timer
	loops      *time.Timer
	idleTimer  *time.Timer
	idleSince  time.Time
	inFlight   map[string]*invocation
	waiting    []*conn
	finishing  int
	current    *invocation // the last one, if there is one at a time
	fault      *failure    // why it ends, before the process does
	peak       int64
	polling    bool
	polls      *time.Timer
}

func newEnvironment(f *Function, s *spec, phase string) *environment {
	return &environment{
		f: f, spec: s, phase: phase, began: time.Now(),
		stream: time.Now().UTC().Format("2006/01/02/") + "[" + s.opts.Version + "]" + newStream(),
		begun:  make(chan struct{}), stopped: make(chan struct{}), ended: make(chan struct{}), registered: make(chan struct{}),
		open: map[*conn]struct{}{}, inFlight: map[string]*invocation{},
	}
}

func newStream() string {
	id := newID()
	return id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
}
