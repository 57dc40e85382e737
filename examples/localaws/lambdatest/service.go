package lambdatest

import "github.com/patternkit/serverless/internal/wire"

// service is the table of what is served.
func (l *Lambda) service() wire.Service {
	return wire.Service{Name: "lambda"}
}
