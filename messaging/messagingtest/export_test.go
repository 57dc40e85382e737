package messagingtest

// MaxInFlight is how many messages of a queue may be in flight.
func (s *SQS) MaxInFlight() int { return s.maxInFlight }

// SetMaxInFlight lowers that limit, for tests that reach it.
func (s *SQS) SetMaxInFlight(n int) { s.maxInFlight = n }
