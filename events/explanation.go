package events

import (
	"fmt"
	"strings"

	"github.com/patternkit/serverless/internal/pattern"
)

// Explanation says why an event matched a pattern or did not.
type Explanation struct {
	// Matched is what Match answers.
	Matched bool
	// Branches are the combinations that the $or of the pattern makes, in order.
	// Without $or there is one. The pattern matches if one of them does.
	Branches []BranchExplanation
}

// BranchExplanation says whether an event matched one combination that the $or of
// a pattern makes.
type BranchExplanation struct {
	// Matched reports that all fields matched, and did so together: in the same
	// elements of arrays.
	Matched bool
	// Fields are the conditions in the order in which they are checked.
	Fields []FieldExplanation
}

// FieldExplanation says whether an event matched the condition on one path.
type FieldExplanation struct {
	// Path is the path of the field with dots, such as "detail.amount".
	Path string
	// Want is the list of alternatives as the pattern writes it.
	Want string
	// Values are the values of the event at the path, as JSON.
	Values []string
	// Matched reports that a value matched, or that there was none where the
	// pattern wants none.
	Matched bool
}

// explanation makes the exported form of an explanation.
func explanation(e *pattern.Explanation) *Explanation {
	out := &Explanation{Matched: e.Matched}
	for _, b := range e.Branches {
		branch := BranchExplanation{Matched: b.Matched}
		for _, f := range b.Fields {
			branch.Fields = append(branch.Fields, FieldExplanation(f))
		}
		out.Branches = append(out.Branches, branch)
	}
	return out
}

// Failed returns the first field that did not match, of the branch with the most
// fields that did. It is nil if the pattern matched, and if all fields of that
// branch matched but in different elements of an array.
func (e *Explanation) Failed() *FieldExplanation {
	if e == nil || e.Matched {
		return nil
	}
	var first *FieldExplanation
	most := -1
	for i := range e.Branches {
		matched := 0
		var failed *FieldExplanation
		for j := range e.Branches[i].Fields {
			f := &e.Branches[i].Fields[j]
			if f.Matched {
				matched++
			} else if failed == nil {
				failed = f
			}
		}
		if matched > most {
			most, first = matched, failed
		}
	}
	return first
}

// String writes the explanation for people: a line for the result, and one for
// each field.
func (e *Explanation) String() string {
	if e == nil {
		return "no explanation"
	}
	var b strings.Builder
	b.WriteString("no match")
	if e.Matched {
		b.Reset()
		b.WriteString("match")
	}
	for i := range e.Branches {
		branch := &e.Branches[i]
		indent := "\n  "
		if len(e.Branches) > 1 {
			fmt.Fprintf(&b, "\n  branch %d of $or: %s", i+1, outcome(branch.Matched))
			indent = "\n    "
		}
		all := true
		for _, f := range branch.Fields {
			all = all && f.Matched
			fmt.Fprintf(&b, "%s%s: %s wants %s, %s", indent, outcome(f.Matched), f.Path, f.Want, f.found())
		}
		if all && !branch.Matched {
			b.WriteString(indent + "no: the values above are in different elements of an array")
		}
	}
	return b.String()
}

func outcome(matched bool) string {
	if matched {
		return "yes"
	}
	return "no"
}

func (f *FieldExplanation) found() string {
	if len(f.Values) == 0 {
		return "the event has no value there"
	}
	const shown = 5
	if n := len(f.Values); n > shown {
		return fmt.Sprintf("the event has %s and %d more", strings.Join(f.Values[:shown], ", "), n-shown)
	}
	return "the event has " + strings.Join(f.Values, ", ")
}
