package lambdatest

import (
	"math"
	"regexp"

	"github.com/patternkit/serverless/internal/awsid"
)

// alias points to a version, or shares invocations between two.
type alias struct {
	name, version, description string
	other                      string  // the second version, "" for none
	weight                     float64 // its share
	revision                   string
	turns                      int // invocations that were shared
}

func newAlias(name, version string) *alias {
	return &alias{name: name, version: version, revision: awsid.UUID()}
}

// next is the version of the next invocation. Of n invocations the second version
// gets n times its weight, rounded down: Lambda draws lots.
func (a *alias) next() string {
	if a.other == "" {
		return a.version
	}
	before := math.Floor(float64(a.turns)*a.weight + rounding)
	a.turns++
	if math.Floor(float64(a.turns)*a.weight+rounding) > before {
		return a.other
	}
	return a.version
}

// rounding keeps ten times 0.1 from being less than 1.
const rounding = 1e-9

var aliasName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,128}$`)

func checkAlias(name string) error {
	if !aliasName.MatchString(name) || number.MatchString(name) {
		return constraint(name, "name", `Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`)
	}
	return nil
}
