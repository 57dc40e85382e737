package wire

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
)

// missing is what a call named and nothing has, and what there is.
type missing struct {
	kind, arn string
	exist     []string // ARNs
}

// WhatExists is a sentence for the test log about an ARN that nothing has, for
// where a fake looks for it outside of a call: what it names, its region and
// account, and what of that kind exists, by ARN.
func WhatExists(kind, arn string, exist iter.Seq[string]) string {
	m := missing{kind, arn, slices.Collect(exist)}
	return m.sentence(&Record{Account: DefaultAccount, Region: DefaultRegion})
}

// shown is how many of the existing ones the log names.
const shown = 10

// sentence says it for the log: what has the name elsewhere first, since a
// wrong region is the usual reason, then what is in the same place.
func (m *missing) sentence(c *Record) string {
	here := awsid.Parts{Region: c.Region, Account: c.Account}
	name := m.arn
	if p, err := awsid.ParseARN(m.arn); err == nil {
		here, name = p, resourceName(p)
	}
	var near, twins, far []string
	for _, arn := range slices.Sorted(slices.Values(m.exist)) {
		switch p, err := awsid.ParseARN(arn); {
		case err != nil:
			near = append(near, arn)
		case p.Region == here.Region && p.Account == here.Account:
			near = append(near, resourceName(p))
		case resourceName(p) == name:
			twins = append(twins, name+" "+place(p))
		default:
			far = append(far, resourceName(p)+" "+place(p))
		}
	}
	exist := "none exists"
	if all := slices.Concat(twins, near, far); len(all) > 0 {
		exist = "what exists: " + strings.Join(all[:min(shown, len(all))], ", ")
		if more := len(all) - shown; more > 0 {
			exist += fmt.Sprintf(" and %d more", more)
		}
	}
	return fmt.Sprintf("there is no %s %q %s; %s", m.kind, name, place(here), exist)
}

func place(p awsid.Parts) string { return "in region " + p.Region + " of account " + p.Account }

// resourceName is the name in an ARN: what stands behind the kind where the
// service writes one.
func resourceName(p awsid.Parts) string {
	if p.Service != "sqs" && p.Service != "sns" {
		return p.Resource[strings.IndexAny(p.Resource, ":/")+1:]
	}
	return p.Resource
}
