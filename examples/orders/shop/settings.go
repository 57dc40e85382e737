package shop

import "time"

// Settings are the numbers of the deployment. The template has the same; a test
// compares the two.
type Settings struct {
	// FunctionTimeout is how long one invocation of a consumer may run.
	FunctionTimeout time.Duration
	// VisibilityTimeout is how long a received message stays hidden: at least
	// six times the function's timeout.
	VisibilityTimeout time.Duration
	// MaxReceiveCount is how often a message is received before it goes to the
	// dead-letter queue.
	MaxReceiveCount int
	// Retention is how long the queues keep a message, DeadLetterRetention how
	// long the dead-letter queues do: longer, since a message keeps its age when it moves.
	Retention, DeadLetterRetention time.Duration
	// BatchSize is how many messages one invocation takes.
	BatchSize int
	// StreamBatchSize is how many changes of the table one invocation takes,
	// StreamRetries how often it gets them again before it gives up.
	StreamBatchSize, StreamRetries int
}

// Production are the settings of the template.
func Production() Settings {
	return Settings{
		FunctionTimeout:     10 * time.Second,
		VisibilityTimeout:   time.Minute,
		MaxReceiveCount:     5,
		Retention:           4 * 24 * time.Hour,
		DeadLetterRetention: 14 * 24 * time.Hour,
		BatchSize:           10,
		StreamBatchSize:     100,
		StreamRetries:       10,
	}
}

// RealTime are settings for a run in real time: a second instead of a minute.
func RealTime() Settings {
	s := Production()
	s.FunctionTimeout = time.Second
	s.VisibilityTimeout = time.Second
	s.MaxReceiveCount = 2
	return s
}
